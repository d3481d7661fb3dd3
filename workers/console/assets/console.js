// Live parts of a page: what htmx alone does not know. Without this file everything can still be read.
"use strict";

const LIVE = "[hx-trigger*=every]";

// Who asks is told by the event: the part may have been replaced since, and is no target any more.
function isLive(event) {
  return event.detail.ctx.sourceElement.matches(LIVE);
}

// A tab that nobody sees asks for nothing; it asks at once when it is looked at again.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && isLive(event)) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  document.querySelectorAll(LIVE).forEach((each) => htmx.trigger(each, "look"));
});

// What is no page is never put into one. The last figures stay, and the page says that they are old.
document.addEventListener("htmx:before:response", (event) => {
  if (!isLive(event)) return;
  const isGood = event.detail.ctx.response.raw.ok;
  stale(!isGood);
  if (!isGood && !event.detail.ctx.hx.redirect) event.preventDefault();
});
document.addEventListener("htmx:error", () => stale(true));

function stale(isStale) {
  document.querySelectorAll("[data-stale]").forEach((each) => { each.hidden = !isStale; });
}

// Where the pages' names do not fit side by side, the one that is looked at is in sight. Only their
// row is moved: scrollIntoView would also move where the first Tab begins, in Chromium since 150.
document.querySelectorAll("nav [aria-current]").forEach((each) => {
  const row = each.closest("nav");
  const name = each.getBoundingClientRect(), seen = row.getBoundingClientRect();
  row.scrollLeft += Math.max(0, name.right - seen.right) - Math.max(0, seen.left - name.left);
});
