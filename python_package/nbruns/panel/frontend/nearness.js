// When something heavy may be made ready: as the reader comes near, or while nobody moves.

const REST_MS = 1500;

function rest(call) {
  (window.requestIdleCallback ?? (later => setTimeout(later, 200)))(call);
}

// Once, when the pointer or the focus first comes into the panel.
function whenNear(el, call) {
  const events = ['pointerover', 'focusin'];
  const stop = () => events.forEach(name => document.removeEventListener(name, come, { capture: true }));
  function come(event) {
    if (!el.closest('.nbruns-panel')?.contains(event.target)) return;
    stop();
    call();
  }
  for (const name of events) document.addEventListener(name, come, { capture: true, passive: true });
  return stop;
}

// Once, when the view is there and no hand has moved on the page for a while.
function whenQuiet(el, call) {
  const events = ['pointermove', 'pointerdown', 'keydown', 'wheel'];
  let moved = performance.now();
  const move = () => (moved = performance.now());
  for (const name of events) document.addEventListener(name, move, { capture: true, passive: true });
  const timer = setInterval(() => {
    if (performance.now() - moved < REST_MS || !el.offsetParent) return;
    stop();
    rest(call);
  }, 500);
  function stop() {
    clearInterval(timer);
    for (const name of events) document.removeEventListener(name, move, { capture: true });
  }
  return stop;
}
