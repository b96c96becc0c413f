//! Names of invented people and places.

pub(super) const GIVEN: [&str; 40] = [
    "Adele", "Ahmed", "Alina", "Amara", "Anders", "Aylin", "Bjørn", "Carla", "Chidi", "Clara", "Dario",
    "Elif", "Emre", "Farah", "Finn", "Grace", "Hana", "Henrik", "Ines", "Jamal", "Jana", "Jörg", "Kaito",
    "Karin", "Lena", "Luca", "Maëlle", "Marek", "Mina", "Noah", "Nuria", "Oskar", "Petra", "Quentin", "Rosa",
    "Sven", "Tariq", "Uma", "Vera", "Yann",
];

pub(super) const SURNAMES: [&str; 50] = [
    "Abbasi",
    "Almeida",
    "Bauer",
    "Becker",
    "Björklund",
    "Brandt",
    "Castro",
    "Chen",
    "Dahl",
    "Diallo",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Fontaine",
    "Garcia",
    "Haddad",
    "Hansen",
    "Hoffmann",
    "Ivanova",
    "Jansen",
    "Kaya",
    "Keller",
    "Kowalski",
    "Kumar",
    "Lindqvist",
    "Lopez",
    "Marino",
    "Meier",
    "Moreau",
    "Müller",
    "Nakamura",
    "Novak",
    "O'Brien",
    "Okafor",
    "Petrov",
    "Quinn",
    "Ricci",
    "Rossi",
    "Sato",
    "Schäfer",
    "Schmidt",
    "Silva",
    "Sørensen",
    "Tanaka",
    "Vogel",
    "Weber",
    "Weiß",
    "Winter",
    "Yilmaz",
    "Zimmermann",
];

pub(super) const TITLES: [&str; 8] =
    ["Analyst", "Assistant", "Consultant", "Engineer", "Manager", "Planner", "Specialist", "Technician"];

pub(super) const CITIES: [(&str, &str, &str, &str); 5] = [
    ("Berlin", "Berlin", "Germany", "DE"),
    ("Lyon", "Rhône", "France", "FR"),
    ("Oslo", "Oslo", "Norway", "NO"),
    ("Porto", "Porto", "Portugal", "PT"),
    ("Zürich", "Zürich", "Switzerland", "CH"),
];

pub(super) const TOPICS: [&str; 16] = [
    "Announcements",
    "Archive",
    "Budget",
    "Contracts",
    "Facilities",
    "Field Trips",
    "Forecast",
    "Hiring",
    "Leads",
    "Logistics",
    "Onboarding",
    "Projects",
    "Quality",
    "Reports",
    "Safety",
    "Training",
];

/// Letters and digits only, in ASCII: for logon names and addresses.
pub(super) fn ascii(name: &str) -> String {
    name.chars()
        .filter_map(|c| {
            Some(match c {
                'ä' | 'Ä' => "ae".to_owned(),
                'ö' | 'Ö' | 'ø' | 'Ø' => "oe".to_owned(),
                'ü' | 'Ü' => "ue".to_owned(),
                'ß' => "ss".to_owned(),
                'ë' | 'é' => "e".to_owned(),
                'ô' => "o".to_owned(),
                c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase().to_string(),
                _ => return None,
            })
        })
        .collect()
}
