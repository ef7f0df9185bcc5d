// The second half of a double tap was meant for what stood there before: a press at the same place,
// at once after the first, that finds something else there is none. Keys of a keypad, buttons of
// articles and + stay where they are, so that quick fingers count. (On tablets `event.detail` is 1
// for every tap.)
const SAME_MS = 350;
const SAME_PX = 24;
let before = { at: -SAME_MS, x: 0, y: 0, hit: null };

addEventListener("click", (event) => {
  if (event.detail === 0) return; // a key, or a script
  const { clientX: x, clientY: y } = event;
  const hit = event.target.closest("button") || event.target;
  const at = performance.now();
  const near = Math.hypot(x - before.x, y - before.y) < SAME_PX;
  if (near && hit !== before.hit && at - before.at < SAME_MS) {
    before = { ...before, at };
    event.stopPropagation();
    event.preventDefault();
  } else before = { at, x, y, hit };
}, true);
