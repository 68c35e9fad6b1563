// Sizes of files in words.

const KB = 1024;
const MB = KB * KB;

function sizeWords(bytes) {
  if (bytes < KB) return `${bytes} B`;
  const [unit, name] = bytes < MB ? [KB, 'KB'] : bytes < KB * MB ? [MB, 'MB'] : [KB * MB, 'GB'];
  const size = bytes / unit;
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${name}`;
}
