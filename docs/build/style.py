"""The site's own style sheet: the colours of the figures for light and dark, curves, formulas, pictures."""

from reluctant.figures.inline import variables

_RULES = """
.md-typeset img { border-radius: .3rem; background: #fff; }
.md-typeset table:not([class]) { font-size: .7rem; }
.md-typeset table:not([class]) td { min-width: 6rem; }
.md-typeset table:not([class]) td:last-child:nth-child(n + 2) { min-width: 9rem; }
.md-typeset table:not([class]) td:first-child > code { white-space: nowrap; }
.md-typeset .formula { margin: 1.2rem 0; overflow-x: auto; }
.md-typeset .formula svg { display: block; max-width: 100%; height: auto; }
.axes { fill: none; stroke: var(--rule); stroke-width: 1; vector-effect: non-scaling-stroke; }
.f0, .f1, .f2 { fill: none; stroke-linecap: round; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.f0 { stroke: var(--s1); stroke-width: 2.4; }
.f1 { stroke: var(--muted); stroke-width: 1.1; }
.f2 { stroke: var(--s2); stroke-width: 1.1; stroke-dasharray: 4 3; stroke-linecap: butt; }
.ticks { fill: var(--muted); font-size: 5px; }
@media (max-width: 30rem) { .ticks { font-size: 7px; } }
.ticks text { text-anchor: middle; }
.ticks .at { text-anchor: start; }
.md-typeset figure.curve { margin: 1.2rem 0; width: 100%; max-width: 30rem; text-align: left; }
.md-typeset figure.curve svg { display: block; width: 100%; height: auto; border: 1px solid var(--rule); }
.md-typeset figure.curve figcaption { max-width: none; margin: .4rem 0 0; font-size: .68rem; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(7.4rem, 45%), 1fr)); }
.curves { gap: .9rem; margin: 1rem 0; }
.md-typeset .curves a { color: inherit; font-size: .68rem; overflow-wrap: anywhere; }
.curves svg, .curves .blank { display: block; width: 100%; height: auto; aspect-ratio: 5 / 3; margin-bottom: .25rem;
  border: 1px solid var(--rule); border-radius: .2rem; }
.curves a:hover svg, .curves a:hover .blank { border-color: var(--muted); }
.curves .blank { display: grid; place-items: center; color: var(--muted); }
.curves .ticks { display: none; }
"""


def style_sheet() -> str:
    """The style sheet as text."""
    return f':root {{ {variables()} }}\n[data-md-color-scheme="slate"] {{ {variables(dark=True)} }}\n{_RULES}'
