// SPDX-License-Identifier: Apache-2.0
// The graph as one HTML page without anything from elsewhere: a layered drawing, left what needs
// nothing. Layers are longest paths; within a layer the order follows the neighbours (a few sweeps
// of barycentres), which keeps most edges short.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "render/graph_view.h"
#include "render/html.h"

namespace lf {

namespace {

// Pixels. A box is as wide as its longest line in a 13 px sans-serif font.
constexpr double kRow = 58, kBoxHeight = 42, kLayerGap = 90, kMargin = 24;
constexpr double kLetter = 7.4, kBoxPadding = 22;
constexpr int kSweeps = 8;

struct Box {
  size_t layer = 0;
  double x = 0, y = 0, width = 0;
};

class Drawing {
 public:
  explicit Drawing(const GraphView& view) : view_(view), boxes_(view.items.size()) {
    layers();
    order();
    places();
  }

  std::string svg() const {
    std::string out = fmt::format(
        "<svg id=\"graph\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" "
        "role=\"img\" aria-label=\"resources and what they need\">\n",
        width_, height_, width_, height_);
    for (size_t i = 0; i < boxes_.size(); ++i) {
      for (const size_t need : view_.items[i].needs) out += edge(need, i);
    }
    for (size_t i = 0; i < boxes_.size(); ++i) out += box(i);
    return out + "</svg>\n";
  }

 private:
  void layers() {
    for (size_t i = 0; i < boxes_.size(); ++i) {
      for (const size_t need : view_.items[i].needs) {
        boxes_[i].layer = std::max(boxes_[i].layer, boxes_[need].layer + 1);
      }
      if (rows_.size() <= boxes_[i].layer) rows_.resize(boxes_[i].layer + 1);
      rows_[boxes_[i].layer].push_back(i);
    }
  }

  void order() {
    std::vector<std::vector<size_t>> neighbours(boxes_.size());
    for (size_t i = 0; i < boxes_.size(); ++i) {
      for (const size_t need : view_.items[i].needs) {
        neighbours[i].push_back(need);
        neighbours[need].push_back(i);
      }
    }
    std::vector<double> height(boxes_.size());
    auto number = [&](const std::vector<size_t>& row) {
      for (size_t n = 0; n < row.size(); ++n) {
        height[row[n]] = static_cast<double>(n) - static_cast<double>(row.size()) / 2;
      }
    };
    for (const auto& row : rows_) number(row);
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (size_t l = 0; l < rows_.size(); ++l) {
        auto& row = rows_[sweep % 2 == 0 ? l : rows_.size() - 1 - l];
        std::vector<std::pair<double, size_t>> wanted;
        for (const size_t i : row) {
          double sum = 0;
          for (const size_t other : neighbours[i]) sum += height[other];
          const auto count = static_cast<double>(neighbours[i].size());
          wanted.emplace_back(neighbours[i].empty() ? height[i] : sum / count, i);
        }
        std::stable_sort(wanted.begin(), wanted.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        for (size_t n = 0; n < row.size(); ++n) row[n] = wanted[n].second;
        number(row);
      }
    }
  }

  void places() {
    size_t tallest = 0;
    for (const auto& row : rows_) tallest = std::max(tallest, row.size());
    height_ = 2 * kMargin + std::max<double>(1, static_cast<double>(tallest)) * kRow;
    double x = kMargin;
    for (const auto& row : rows_) {
      double widest = 0;
      double y = height_ / 2 - static_cast<double>(row.size()) * kRow / 2;
      for (const size_t i : row) {
        const auto letters = static_cast<double>(
            std::max(view_.items[i].address.size(), view_.items[i].type.size()));
        boxes_[i].width = letters * kLetter + kBoxPadding;
        boxes_[i].x = x;
        boxes_[i].y = y + (kRow - kBoxHeight) / 2;
        widest = std::max(widest, boxes_[i].width);
        y += kRow;
      }
      x += widest + kLayerGap;
    }
    width_ = std::max(x - kLayerGap, 200.0) + kMargin;
  }

  std::string edge(size_t from, size_t to) const {
    const Box& a = boxes_[from];
    const Box& b = boxes_[to];
    const double x1 = a.x + a.width, y1 = a.y + kBoxHeight / 2;
    const double x2 = b.x, y2 = b.y + kBoxHeight / 2;
    const double bend = std::max(30.0, (x2 - x1) / 2);
    return fmt::format(
        "<path class=\"edge\" data-from=\"{}\" data-to=\"{}\" "
        "d=\"M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}\"/>\n",
        from, to, x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2);
  }

  std::string box(size_t i) const {
    const GraphView::Item& item = view_.items[i];
    const size_t dot = item.type.find('.');
    const size_t service_end = item.type.find('.', dot + 1);
    const std::string service =
        dot == std::string::npos ? item.type : item.type.substr(dot + 1, service_end - dot - 1);
    return fmt::format(
        "<g class=\"node\" tabindex=\"0\" data-id=\"{}\" data-text=\"{} {}\" "
        "transform=\"translate({:.1f} {:.1f})\" style=\"--hue: {}\"><title>{}\n{}</title>"
        "<rect width=\"{:.1f}\" height=\"{:.0f}\" rx=\"6\"/>"
        "<text x=\"11\" y=\"18\">{}</text><text class=\"type\" x=\"11\" y=\"34\">{}</text></g>\n",
        i, html_text(item.address), html_text(item.type), boxes_[i].x, boxes_[i].y, hue(service),
        html_text(item.address), html_text(item.type), boxes_[i].width, kBoxHeight,
        html_text(item.address), html_text(item.type));
  }

  // The same service has the same colour on every page.
  static unsigned hue(const std::string& service) {
    unsigned hash = 2166136261u;
    for (const char c : service) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return hash % 360;
  }

  const GraphView& view_;
  std::vector<Box> boxes_;
  std::vector<std::vector<size_t>> rows_;  // by layer, from top to bottom
  double width_ = 0, height_ = 0;
};

constexpr const char* kStyle = R"(
:root {
  color-scheme: light dark;
  --ground: #fff; --ink: #1c1e21; --faint: #6b7280; --line: #b6bcc6;
}
@media (prefers-color-scheme: dark) {
  :root { --ground: #16181c; --ink: #e8eaed; --faint: #9aa3af; --line: #4b5261; }
}
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 13px/1.4 system-ui, sans-serif;
}
header {
  position: sticky; left: 0; display: flex; flex-wrap: wrap; gap: 1em;
  align-items: baseline; padding: 14px 24px 0;
}
h1 { font-size: 17px; margin: 0; }
header span { color: var(--faint); }
input { font: inherit; padding: 4px 8px; min-width: 16em; }
main { overflow: auto; }
text { font: 13px system-ui, sans-serif; fill: var(--ink); }
.type { font-size: 11px; fill: var(--faint); }
.node { cursor: pointer; outline: none; }
.node rect { fill: hsl(var(--hue) 60% 94%); stroke: hsl(var(--hue) 45% 55%); }
@media (prefers-color-scheme: dark) {
  .node rect { fill: hsl(var(--hue) 30% 18%); stroke: hsl(var(--hue) 40% 50%); }
}
.edge { fill: none; stroke: var(--line); stroke-width: 1.2; }
.picked .node:not(.on), .picked .edge:not(.on) { opacity: .14; }
.edge.on { stroke: var(--ink); stroke-width: 1.8; }
.node.self rect { stroke-width: 2.5; }
)";

constexpr const char* kScript = R"(
const graph = document.getElementById('graph'), field = document.getElementById('find');
const nodes = [...graph.querySelectorAll('.node')], edges = [...graph.querySelectorAll('.edge')];
function reach(start, from, to) {
  const seen = new Set(start), queue = [...start];
  while (queue.length) {
    const id = queue.pop();
    for (const edge of edges) {
      if (edge.dataset[from] !== id) continue;
      edge.classList.add('on');
      if (!seen.has(edge.dataset[to])) { seen.add(edge.dataset[to]); queue.push(edge.dataset[to]); }
    }
  }
  return seen;
}
function pick(ids, wide) {
  for (const item of [...nodes, ...edges]) item.classList.remove('on', 'self');
  graph.classList.toggle('picked', ids.length > 0);
  if (!ids.length) return;
  const on = new Set(ids);
  if (wide) for (const id of [...reach(ids, 'to', 'from'), ...reach(ids, 'from', 'to')]) on.add(id);
  for (const node of nodes) {
    node.classList.toggle('on', on.has(node.dataset.id));
    node.classList.toggle('self', ids.includes(node.dataset.id));
  }
}
let chosen = null;
function choose(id) {
  chosen = chosen === id ? null : id;
  field.value = '';
  pick(chosen === null ? [] : [chosen], true);
}
for (const node of nodes) {
  node.addEventListener('click', event => {
    event.stopPropagation();
    choose(node.dataset.id);
  });
  node.addEventListener('keydown', event => {
    if (event.key === 'Enter') choose(node.dataset.id);
  });
}
graph.addEventListener('click', () => { chosen = null; pick([], false); });
field.addEventListener('input', () => {
  const text = field.value.trim().toLowerCase();
  const found = nodes.filter(node => text && node.dataset.text.toLowerCase().includes(text));
  pick(found.map(node => node.dataset.id), false);
});
)";

}  // namespace

std::string html_text(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string graph_svg(const GraphView& view) {
  return Drawing(view).svg();
}
const char* graph_style() {
  return kStyle;
}
const char* graph_script() {
  return kScript;
}

std::string to_html(const GraphView& view) {
  size_t edges = 0;
  for (const auto& item : view.items) edges += item.needs.size();
  const std::string stack = html_text(view.stack);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0} ({1})</title>\n<style>{2}</style>\n</head>\n<body>\n<header><h1>{0}</h1>"
      "<span>{1} · {3} resources · {4} dependencies</span>"
      "<input id=\"find\" type=\"search\" placeholder=\"Find a resource or a type\" "
      "aria-label=\"Find\"><span>left is made first; click one to see what it needs and what "
      "needs it</span></header>\n<main>\n{5}</main>\n<script>{6}</script>\n</body>\n</html>\n",
      stack, html_text(view.environment), kStyle, view.items.size(), edges, Drawing(view).svg(),
      kScript);
}

}  // namespace lf
