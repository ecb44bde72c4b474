// Before anything is drawn: the theme this browser was left in, if not the system's.
try {
  const theme = localStorage.getItem('tributary-theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage may be forbidden: the system's theme it is.
}
