/** The style sheet of a page. Its colours are the variables of figures/theme.ts. */

/** Below this width, a page shows the pictures for narrow screens. */
const narrowest = '720px'

export const style = `
* { box-sizing: border-box; }
html { color-scheme: light dark; }
body { margin: 0; background: var(--paper); color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; border-top: 1px solid var(--rule); padding-top: 1rem; }
h3 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { max-width: 44rem; }
a { color: var(--series-1); }
figure { margin: 2rem 0; }
figcaption p, footer p, section > p { font-size: .9rem; color: var(--faint); }
figure svg { display: block; max-width: 100%; height: auto; }
.narrow { display: none; }
.notice { border-left: 4px solid var(--series-2); padding-left: .75rem; }
.scroll { overflow: auto; max-height: 32rem; max-width: 100%; }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--series-1); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .85rem; overflow-wrap: normal; }
th, td { padding: .25rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; }
thead th[colspan] { border-left: 1px solid var(--rule); }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.none { color: var(--faint); }
.mean td, .mean th { background: var(--band-2); }
code { font-size: .85em; }
summary { cursor: pointer; font-size: .9rem; }
@media (max-width: ${narrowest}) { .wide { display: none; } .narrow { display: block; } }
@media print { .wide { display: block; } .narrow { display: none; } .scroll { max-height: none; overflow: visible; } }
`
