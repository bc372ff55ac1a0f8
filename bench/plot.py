"""Bars as SVG, with nothing but text: readable on light and dark pages, no fonts or scripts from elsewhere."""
from html import escape

WIDTH = 760
LABEL_WIDTH = 270
VALUE_WIDTH = 70
BAR, GAP, TOP = 15, 14, 66
# Blue, orange, green, purple: distinct to colour-blind eyes, and in grey by their lightness.
COLOURS = ("#2f6fdb", "#e08a1e", "#2e9e6b", "#9a6fc0")

STYLE = """
  .page { fill: #ffffff; stroke: #d5dae1; }
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f; }
  .title { font-size: 15px; font-weight: 600; }
  .axis { stroke: #aab2bd; }
  .limit { stroke: #c0262d; stroke-width: 2; }
  .limit-text { fill: #c0262d; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #151b23; stroke: #3d444d; }
    text { fill: #e6edf3; }
    .axis { stroke: #656c76; }
    .limit { stroke: #ff7b72; }
    .limit-text { fill: #ff7b72; }
  }
"""


def short(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def bars(title, groups, limit_name):
    """groups: [(label, {series: value}, limit or None)]; one bar for each value, a red line for
    the limit, which the legend calls limit_name."""
    series = list(dict.fromkeys(name for _, values, _ in groups for name in values))
    largest = max(max([*values.values(), limit or 0]) for _, values, limit in groups)
    scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / largest
    parts, y = [], TOP
    for label, values, limit in groups:
        height = BAR * len(values)
        parts.append(f'<text x="{LABEL_WIDTH - 10}" y="{y + height / 2 + 4:.1f}" text-anchor="end">{escape(label)}</text>')
        for i, (name, value) in enumerate(values.items()):
            top = y + i * BAR
            parts.append(f'<rect x="{LABEL_WIDTH}" y="{top + 1}" width="{max(1, value * scale):.1f}" height="{BAR - 2}" rx="2" '
                         f'fill="{COLOURS[series.index(name) % len(COLOURS)]}"/>')
            end = LABEL_WIDTH + value * scale + 5
            if limit and abs(LABEL_WIDTH + limit * scale - end) < 34 and limit * scale > value * scale - 6:
                end = LABEL_WIDTH + limit * scale + 5  # not under the line
            parts.append(f'<text x="{end:.1f}" y="{top + BAR - 3.5}">{short(value)}</text>')
        if limit:
            x = LABEL_WIDTH + limit * scale
            parts.append(f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 3}" y2="{y + height + 3}"/>')
        y += height + GAP
    parts.append(f'<line class="axis" x1="{LABEL_WIDTH}" x2="{LABEL_WIDTH}" y1="{TOP - 4}" y2="{y - GAP + 4}"/>')
    x = 20
    legend = []
    for i, name in enumerate(series):
        legend.append(f'<rect x="{x}" y="39" width="12" height="12" rx="2" fill="{COLOURS[i % len(COLOURS)]}"/>'
                      f'<text x="{x + 17}" y="49">{escape(name)}</text>')
        x += 17 + 8 * len(name) + 16
    if any(limit for _, _, limit in groups):
        legend.append(f'<line class="limit" x1="{x + 3}" x2="{x + 3}" y1="37" y2="53"/>'
                      f'<text class="limit-text" x="{x + 11}" y="49">{escape(limit_name)}</text>')
    height = y + 2
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
        f'<text class="title" x="20" y="25">{escape(title)}</text>', *legend, *parts, "</svg>", ""])
