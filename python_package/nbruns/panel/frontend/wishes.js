// What the reader has asked for and the kernel has not answered yet. It shows at once, over
// every picture that was under way meanwhile; the answer says by its number which wishes it
// knows. Nothing waits for a time to pass: a new kernel brings a new view, which wishes nothing.

function wishes(model) {
  const view = Math.random().toString(36).slice(2);
  let open = [];
  let number = 0;
  return {
    send(wish) {
      open.push({ wish, number: ++number });
      model.send({ ...wish, view, wish: number });
    },
    hear(heard) {
      const newest = heard?.[view] ?? 0;
      open = open.filter(one => one.number > newest);
    },
    over: (picture, carryOut) => open.reduce((now, { wish }) => carryOut(now, wish), picture),
    isOpen: type => open.some(one => one.wish.type === type)
  };
}
