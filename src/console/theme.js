// Runs before anything is drawn, so that nothing flashes in the other colours.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('freshet-theme');
  } catch {
    // Storage may be switched off: then the system decides.
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
})();
