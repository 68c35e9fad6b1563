// A button that opens a menu under it.

function menuButton(label, items) {
  const button = iconButton('more', label, 'nbruns-menuButton', () => menu(button, label, items()));
  attribute(button, 'aria-haspopup', 'menu');
  return button;
}
