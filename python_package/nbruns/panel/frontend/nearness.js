// The reader comes near: by pointer, by keyboard, or the page has nothing else to do.

const REST_MS = 1500;

function whenNear(el, call) {
  let timer = setTimeout(() => {
    const rests = window.requestIdleCallback ?? (later => setTimeout(later, 200));
    rests(() => el.offsetParent && come());
  }, REST_MS);
  const comes = event => el.closest('.nbruns-panel')?.contains(event.target) && come();
  const events = ['pointerover', 'focusin'];
  for (const name of events) document.addEventListener(name, comes, { capture: true, passive: true });
  function stop() {
    clearTimeout(timer);
    for (const name of events) document.removeEventListener(name, comes, { capture: true });
  }
  function come() {
    if (timer === null) return;
    stop();
    timer = null;
    call();
  }
  return stop;
}
