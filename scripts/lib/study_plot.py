# SPDX-License-Identifier: BSD-3-Clause
"""Plots as SVG for light and dark pages."""
import html
import math

CHARACTER, PLOT, LINE = 6.5, 430, 26  # pixels: a label's character, the plot's width, a row's height


def draw_rows(rows, title):
    """A dot with its interval for each (label, value, low, high)."""
    low = math.floor(min(row[2] for row in rows))
    high = math.ceil(max(row[3] for row in rows))
    step = max(1, math.ceil((high - low) / 8))
    high = low + step * math.ceil(max(1, high - low) / step)
    height = LINE * len(rows) + 56

    left_side = 20 + CHARACTER * max(len(row[0]) for row in rows)
    width = left_side + PLOT

    def x(value):
        return left_side + (PLOT - 30) * (value - low) / (high - low)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-family="sans-serif" '
             f'font-size="12" role="img"><title>{html.escape(title)}</title>'
             '<style>text{fill:#444}line{stroke:#999}.i{stroke:#2a6f97;stroke-width:2}circle{fill:#2a6f97}'
             '@media(prefers-color-scheme:dark){text{fill:#ccc}line{stroke:#666}.i{stroke:#61a5c2}circle{fill:#61a5c2}}'
             '</style>', f'<text x="{left_side:.0f}" y="16">{html.escape(title)}</text>']
    for tick in range(low, high + 1, step):
        parts.append(f'<line x1="{x(tick):.1f}" y1="26" x2="{x(tick):.1f}" y2="{height - 26}" stroke-width="0.5"/>'
                     f'<text x="{x(tick):.1f}" y="{height - 8}" text-anchor="middle">{tick}</text>')
    for number, (label, value, left, right) in enumerate(rows):
        y = 40 + LINE * number
        parts.append(f'<text x="{left_side - 10:.0f}" y="{y + 4}" text-anchor="end">{html.escape(label)}</text>'
                     f'<line class="i" x1="{x(left):.1f}" y1="{y}" x2="{x(right):.1f}" y2="{y}"/>'
                     f'<circle cx="{x(value):.1f}" cy="{y}" r="4"><title>{value:.2f}</title></circle>')
    return "".join(parts) + "</svg>\n"
