// For views that are as high as what is left of the window (Explore, SQL): tells CSS how much stands above them.

/** Keeps --above of `page` right; answers with a function that ends it. */
export function fitBelow(root, page) {
  const fit = () => page.style.setProperty('--above', `${Math.round(root.getBoundingClientRect().top + window.scrollY)}px`);
  const watch = new ResizeObserver(fit);
  watch.observe(document.body);
  fit();
  return () => watch.disconnect();
}
