// What the page hands to the browser as a file.

function saveAs(name, content, type) {
  const address = typeof content === 'string' && content.startsWith('data:') ? content : URL.createObjectURL(new Blob([].concat(content), { type }));
  const link = make('a', { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  if (!address.startsWith('data:')) setTimeout(() => URL.revokeObjectURL(address), 60000);
}

const fileName = (key, ending) => `${key.replace(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 80) || 'nbruns'}.${ending}`;
