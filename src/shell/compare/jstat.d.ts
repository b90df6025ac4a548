/** The one function of jStat that is used; the package has no types of its own. */
declare module 'jstat' {
  const jStat: {
    readonly studentt: {
      /** The quantile of Student's t at `probability`, with so many degrees of freedom. */
      readonly inv: (probability: number, degreesOfFreedom: number) => number
    }
  }
  const all: { readonly jStat: typeof jStat }
  export default all
}
