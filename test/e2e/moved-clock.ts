/** For `--import`: a module that sets a process's clock ahead by so many milliseconds, or back by as many below zero. */
export function clockAhead(millis: number): string {
  const source = `
    const { Date: RealDate } = globalThis;
    globalThis.Date = class extends RealDate {
      constructor(...args) {
        if (args.length === 0) super(RealDate.now() + ${millis});
        else super(...args);
      }
      static now() {
        return RealDate.now() + ${millis};
      }
    };`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
