// Sets the chosen theme before the first paint, so that nobody sees the other one flash by, and asks for the view's module
// while the page is still being parsed. A classic script on purpose: modules run only after that.
try {
  const theme = JSON.parse(localStorage.getItem('pintail.theme') || '"system"');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme is a fine answer then.
}
{
  const view = window.location.pathname.slice(1);
  const link = document.createElement('link');
  link.rel = 'modulepreload';
  link.href = `/js/views/${/^(explore|sql|alerts|sources)$/.test(view) ? view : 'overview'}.js`;
  document.head.append(link);
}
