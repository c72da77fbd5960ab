// Sets the chosen theme before the first paint, so that nobody sees the other one flash by, and asks for the view's module
// and the chart library while the page is still being parsed. A classic script on purpose: modules run only after that.
try {
  const theme = JSON.parse(localStorage.getItem('pintail.theme') || '"system"');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme is a fine answer then.
}
{
  const path = window.location.pathname.slice(1);
  const view = /^(explore|sql|alerts|sources)$/.test(path) ? path : 'overview';
  const ask = (props) => document.head.append(Object.assign(document.createElement('link'), props));
  ask({ rel: 'modulepreload', href: `/js/views/${view}.js` });
  // The largest file of the page; these two begin with a chart.
  if (view === 'overview' || view === 'explore') ask({ rel: 'preload', as: 'script', href: '/vendor/plotly.js-basic-dist-min-4.1.1/plotly-basic.min.js' });
}
