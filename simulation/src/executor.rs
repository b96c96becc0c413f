//! Runs futures one at a time on one thread, in an order that the seed chooses. No IO.
//!
//! A task is polled only when it was woken, and which of several woken ones comes first is drawn. Killing a task drops its future
//! where it stands, as the end of a process does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::future::BoxFuture;

use crate::random::Random;

/// Names a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId(u64);

/// All tasks.
pub struct Executor {
    tasks: BTreeMap<TaskId, BoxFuture<'static, ()>>,
    woken: Woken,
    /// Tasks that are not polled, whatever wakes them.
    frozen: BTreeSet<TaskId>,
    serial: u64,
    random: Random,
}

/// Tasks that wait to be polled.
#[derive(Debug, Clone, Default)]
struct Woken(Arc<Mutex<BTreeSet<TaskId>>>);

impl Woken {
    fn set(&self) -> MutexGuard<'_, BTreeSet<TaskId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct TaskWaker {
    id: TaskId,
    woken: Woken,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.woken.set().insert(self.id);
    }
}

/// What came of polling a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It waits for something.
    Waits,
    /// It came to its end.
    Ended,
    /// It panicked; with the words.
    Panicked(String),
}

impl Executor {
    /// Without tasks; the order is drawn from this stream.
    pub fn new(random: Random) -> Self {
        Self { tasks: BTreeMap::new(), woken: Woken::default(), frozen: BTreeSet::new(), serial: 0, random }
    }

    /// Adds a task, to be polled soon.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) -> TaskId {
        self.serial += 1;
        let id = TaskId(self.serial);
        self.tasks.insert(id, Box::pin(task));
        self.woken.set().insert(id);
        id
    }

    /// Drops a task where it stands.
    pub fn kill(&mut self, id: TaskId) {
        self.tasks.remove(&id);
        self.frozen.remove(&id);
    }

    /// Stops a task where it stands, as a machine that is paused does it, or lets it go on.
    pub fn freeze(&mut self, id: TaskId, frozen: bool) {
        if frozen {
            self.frozen.insert(id);
        } else {
            self.frozen.remove(&id);
        }
    }

    /// Polls one woken task; `None` when all of them wait.
    pub fn turn(&mut self) -> Option<(TaskId, Turn)> {
        loop {
            let id = {
                let mut woken = self.woken.set();
                let awake = || woken.iter().filter(|id| !self.frozen.contains(id));
                let at = self.random.below(awake().count());
                let id = awake().nth(at).copied()?;
                woken.remove(&id);
                id
            };
            let Some(task) = self.tasks.get_mut(&id) else { continue };
            let waker = Waker::from(Arc::new(TaskWaker { id, woken: self.woken.clone() }));
            let mut context = Context::from_waker(&waker);
            let polled =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| task.as_mut().poll(&mut context)));
            let turn = match polled {
                Ok(Poll::Pending) => return Some((id, Turn::Waits)),
                Ok(Poll::Ready(())) => Turn::Ended,
                Err(panic) => Turn::Panicked(words(panic.as_ref())),
            };
            self.tasks.remove(&id);
            return Some((id, turn));
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::VirtualClock;
    use jiff::Timestamp;
    use std::time::Duration;

    #[test]
    fn the_seed_chooses_the_order_and_time_passes_only_when_asked() {
        let order = |seed| {
            let clock = VirtualClock::new(Timestamp::UNIX_EPOCH);
            let mut executor = Executor::new(Random::stream(seed, "order"));
            let seen = Arc::new(Mutex::new(Vec::new()));
            for name in 0..6 {
                let (seen, clock) = (Arc::clone(&seen), clock.clone());
                executor.spawn(async move {
                    clock.pass(Duration::from_secs(5)).await;
                    seen.lock().unwrap().push(name);
                });
            }
            while executor.turn().is_some() {}
            assert!(seen.lock().unwrap().is_empty());
            clock.advance(clock.next_timer().unwrap());
            while executor.turn().is_some() {}
            assert_eq!(clock.now().as_second(), 5);
            let seen = seen.lock().unwrap().clone();
            assert_eq!(seen.len(), 6);
            seen
        };
        assert_eq!(order(1), order(1));
        assert!((0..20).any(|seed| order(seed) != order(1)));
    }

    #[test]
    fn a_frozen_task_stands_still_and_goes_on_where_it_stood() {
        let mut executor = Executor::new(Random::stream(1, "order"));
        let id = executor.spawn(async {});
        executor.freeze(id, true);
        assert_eq!(executor.turn(), None);
        executor.freeze(id, false);
        assert_eq!(executor.turn(), Some((id, Turn::Ended)));
    }

    #[test]
    fn a_killed_task_goes_no_further_and_a_panic_is_told() {
        let mut executor = Executor::new(Random::stream(1, "order"));
        let killed = executor.spawn(async { panic!("polled") });
        executor.kill(killed);
        assert_eq!(executor.turn(), None);
        let id = executor.spawn(async { panic!("on purpose") });
        assert_eq!(executor.turn(), Some((id, Turn::Panicked("on purpose".to_owned()))));
    }
}
