/** The one function of jStat that is used; the package has no types of its own. */
declare module 'jstat' {
  interface JStat {
    readonly studentt: {
      /** The quantile of Student's t at `probability`, with so many degrees of freedom. */
      readonly inv: (probability: number, degreesOfFreedom: number) => number
    }
  }
  const all: { readonly jStat: JStat }
  export default all
}
