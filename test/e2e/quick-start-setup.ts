/** Features of users that the sample data has. */
export const names = ['user_age', 'user_lifetime_value', 'last_purchase_days'];

/** Whether nothing takes a new connection. */
export function isRefused(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } }).then(
    () => false,
    () => true,
  );
}
