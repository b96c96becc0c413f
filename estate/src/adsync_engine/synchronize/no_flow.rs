//! What leaves for an object that a JoinNoFlow rule holds back. Pure; does no IO.
//!
//! Sources differ about references, so there is a mode for each answer (see [`ReferenceLeak`]).

use uuid::Uuid;

use super::difference::Difference;
use super::outbound::Reach;
use crate::adsync_engine::core::{Core, Surroundings};
use crate::adsync_engine::rules::FlowError;
use crate::adsync_engine::space::SpaceObject;
use crate::modes::ReferenceLeak;

impl Core {
    /// What to export for a linked object: everything that differs, or what no-flow lets through.
    pub(super) fn changes_to_export(
        &self,
        connector: Uuid,
        id: Uuid,
        object: &SpaceObject,
        reach: &Reach,
        around: Surroundings,
        errors: &mut Vec<FlowError>,
    ) -> Vec<Difference> {
        let Some(metaverse) = self.metaverse.get(id) else { return Vec::new() };
        let mut flowing =
            self.differences(connector, metaverse, Some(object), &reach.flowing, around, errors);
        if reach.no_flow.is_none() || around.modes.reference_leak == ReferenceLeak::None {
            return flowing;
        }
        // Errors of flows that are silenced are nobody's concern, those of the others are listed already.
        let all = self.differences(connector, metaverse, Some(object), &reach.all(), around, &mut Vec::new());
        if !all.iter().any(|difference| difference.reference) {
            return flowing;
        }
        if around.modes.reference_leak == ReferenceLeak::All {
            return all;
        }
        let known: Vec<_> = flowing.iter().map(|difference| difference.attribute).collect();
        let leaking = all
            .into_iter()
            .filter(|difference| difference.reference && !known.contains(&difference.attribute));
        flowing.extend(leaking);
        flowing
    }
}
