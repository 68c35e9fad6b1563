/** A moment as people write it; this year's without the year. */
export function shortTime(ms: number): string {
  const then = new Date(ms);
  const isThisYear = then.getFullYear() === new Date().getFullYear();
  return then.toLocaleString(undefined, {
    year: isThisYear ? undefined : 'numeric',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit'
  });
}
