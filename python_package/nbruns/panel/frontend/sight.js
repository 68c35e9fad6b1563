// A view that nobody sees asks the server for nothing: it tells Python whether it is seen.

// A page that is closed says nothing: Python believes it for two and a half minutes.
const BEAT_MS = 60000;

function tellSight(model, el) {
  // Other pages may show this view too: each one speaks for itself.
  const view = Math.random().toString(36).slice(2);
  let inSight = false;
  const isSeen = () => inSight && !document.hidden;
  const tell = () => model.send({ type: 'seen', view, seen: isSeen() });
  const watcher = new IntersectionObserver(entries => {
    inSight = entries[entries.length - 1].isIntersecting;
    tell();
  });
  watcher.observe(el);
  document.addEventListener('visibilitychange', tell);
  const beat = setInterval(() => {
    if (isSeen()) tell();
  }, BEAT_MS);
  return () => {
    clearInterval(beat);
    document.removeEventListener('visibilitychange', tell);
    watcher.disconnect();
  };
}
