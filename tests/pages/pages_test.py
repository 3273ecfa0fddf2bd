#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pages of `plan` and `graph`, and what Mermaid makes of `graph --format mermaid`, in headless Chromium
without a network: nothing is fetched, nothing fails.
    pages_test.py LLMFORGE"""
import html
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Elements(html.parser.HTMLParser):
    """Classes with how often they stand there, headings, and what the page would fetch."""

    def __init__(self, text):
        super().__init__()
        self.classes, self.headings, self.fetched, self._in = {}, [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "class":
                for one in value.split():
                    self.classes[one] = self.classes.get(one, 0) + 1
            if name in ("src", "href") or (value or "").startswith(("http:", "https:", "//")):
                self.fetched.append((tag, name, value))
        self._in = tag

    def handle_data(self, data):
        if self._in in ("h1", "h2"):
            self.headings.append(data.strip())


class Pages(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        shutil.copytree(ROOT / "specs", self.folder / "specs")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def forge(self, *arguments, code=0):
        run = subprocess.run([BINARY, *arguments], cwd=self.folder / "specs", text=True, capture_output=True,
                             env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "NO_COLOR": "1"})
        self.assertEqual(run.returncode, code, run.stderr)
        return run.stdout

    def shown(self, page):
        return Elements(self.dom(page))

    def dom(self, page, budget_ms=2000):
        """The document as the browser has it after its scripts ran; what they complain about is a failure."""
        path = self.folder / "page.html"
        path.write_text(page)
        run = subprocess.run(
            ["unshare", "-rn", CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom",
             f"--user-data-dir={self.folder}/browser", f"--virtual-time-budget={budget_ms}", f"file://{path}"],
            text=True, capture_output=True, timeout=120, env={**os.environ, "HOME": str(self.folder)})
        self.assertEqual([line for line in run.stderr.splitlines() if "CONSOLE" in line and "source: chrome://" not in line], [])
        self.assertIn("</html>", run.stdout, run.stderr[-2000:])
        return run.stdout

    def test_a_plan(self):
        page = self.forge("plan", "aws-finetune.yaml", "--sandbox", "--var", "create_instance=true", "--format", "html")
        seen = self.shown(page)
        self.assertEqual(seen.fetched, [])
        self.assertEqual(seen.headings[0], "plan llm-tuning-lab")
        for heading in ("Created (23)", "Outputs", "Cost by resource, USD", "The graph"):
            self.assertIn(heading, seen.headings)
        self.assertTrue(any(h.startswith("The longest chain: about ") for h in seen.headings), seen.headings)
        self.assertEqual(seen.classes["node"], 23)
        self.assertIn("network.vpc", re.sub(r"<[^>]+>", "", page))

    def test_a_plan_that_destroys(self):
        self.forge("apply", "aws-finetune.yaml", "--sandbox", "--auto-approve")
        page = self.forge("plan", "aws-finetune.yaml", "--sandbox", "--var", "create_vpc=false", "--var", "vpc_id=vpc-0123456789abcdef0",
                          "--var", "subnet_id=subnet-0123456789abcdef0", "--format", "html")
        seen = self.shown(page)
        self.assertIn("Destroyed or replaced (4)", seen.headings)
        self.assertGreater(seen.classes["destroy"], 4)

    def test_the_users_text_is_no_markup(self):
        (self.folder / "specs" / "odd.yaml").write_text(
            "stack: odd\nprovider: aws\nregion: us-west-2\nresources:\n"
            "  q: {type: aws.sqs.queue, tags: {note: '<script>alert(1)</script> & \"quotes\"'}}\n")
        page = self.forge("plan", "odd.yaml", "--sandbox", "--format", "html")
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", page)
        self.assertEqual(self.shown(page).classes["node"], 1)

    def test_the_graph(self):
        seen = self.shown(self.forge("graph", "aws-finetune.yaml", "--format", "html"))
        self.assertEqual(seen.fetched, [])
        self.assertGreater(seen.classes["node"], 15)
        self.assertGreater(seen.classes["edge"], 15)

    ODD = ["it's quoted", "<b>bold</b>", "a & b &lt; c", "#35; #quot;", "`ticks`", "1. one", "- dash", "end", "graph", "subgraph x", "[square]",
           "(round) {curly}", "semi; colon: x", "über-häuser-日本", "%% comment", "click n0 href", "n0 --> n1", "a|b", "back\\slash", "$x$", "@{shape: cat}"]

    def mermaid(self, texts):
        """For each text what Mermaid makes of it: {"labels": […], "edges": n}, or {"error": …}."""
        library = subprocess.run([ROOT / "tests/peers/mermaid.sh"], check=True, text=True, capture_output=True).stdout.strip()
        script = """
          mermaid.initialize({startOnLoad: false, maxEdges: 5000, maxTextSize: 1000000});
          (async () => {
            const out = [];
            for (const text of JSON.parse(document.getElementById('texts').textContent)) {
              try {
                await mermaid.parse(text);
                const {svg} = await mermaid.render('g' + out.length, text);
                const box = document.createElement('div');
                box.innerHTML = svg;
                const lines = (e) => e.innerHTML.replace(/<br *[/]?>/g, '\\n').replace(/<[^>]+>/g, '');
                const plain = (html) => { const t = document.createElement('textarea'); t.innerHTML = html; return t.value.trim(); };
                out.push({labels: [...box.querySelectorAll('.node .nodeLabel, .cluster-label .nodeLabel')].map(e => plain(lines(e))),
                          edges: box.querySelectorAll('.edgePaths path').length,
                          fetched: box.querySelectorAll('a, image, script, b').length});
              } catch (e) { out.push({error: String(e)}); }
            }
            document.getElementById('out').textContent = JSON.stringify(out);
          })();"""
        data = json.dumps(texts).replace("<", "\\u003c")
        page = (f'<!doctype html><meta charset="utf-8"><script src="file://{library}"></script><pre id="out"></pre>'
                f'<script type="application/json" id="texts">{data}</script><script>{script}</script></html>')
        dom = self.dom(page, 20_000)
        return json.loads(html.unescape(re.search(r'<pre id="out">(.*?)</pre>', dom, re.S)[1]))

    def test_mermaid_reads_the_reference_spec(self):
        texts = [self.forge("graph", "aws-finetune.yaml", "--format", "mermaid")]
        view = json.loads(self.forge("graph", "aws-finetune.yaml", "--format", "json"))
        [seen] = self.mermaid(texts)
        self.assertNotIn("error", seen)
        self.assertEqual(seen["edges"], sum(len(node["needs"]) for node in view["nodes"]))
        labels = set(seen["labels"])
        for node in view["nodes"]:
            own = node["address"][len(node["module"]) + 1:] if node["module"] else node["address"]
            self.assertIn(f"{own}\n{node['type']}", labels)
        self.assertLessEqual({node["module"] for node in view["nodes"]} - {""}, labels)

    def test_mermaid_shows_odd_names_as_they_are(self):
        lines = ["stack: odd", "provider: aws", "region: us-west-2", "resources:"]
        for i, key in enumerate(self.ODD):
            lines.append(f"  {json.dumps(key, ensure_ascii=False)}: {{type: aws.sqs.queue, name: q{i}}}")
        lines.append("buckets: {" + ", ".join(json.dumps(key, ensure_ascii=False) + f": {{bucket_name: odd-bucket-{i}}}"
                                              for i, key in enumerate(self.ODD)) + "}")
        (self.folder / "specs" / "odd.yaml").write_text("\n".join(lines) + "\n")
        [seen] = self.mermaid([self.forge("graph", "odd.yaml", "--format", "mermaid")])
        self.assertNotIn("error", seen)
        self.assertEqual(seen["fetched"], 0)
        view = json.loads(self.forge("graph", "odd.yaml", "--format", "json"))
        for node in view["nodes"]:
            own = node["address"][len(node["module"]) + 1:] if node["module"] else node["address"]
            self.assertIn(f"{own}\n{node['type']}", seen["labels"])
            if node["module"]:
                self.assertIn(node["module"], seen["labels"])


if __name__ == "__main__":
    if CHROMIUM is None:
        not_run = os.environ.get("LLMFORGE_NOT_RUN")
        if not_run:
            with open(not_run, "a", encoding="utf-8") as out:
                out.write("pages_browser: no chromium (apt-get install chromium)\n")
        print("NOT RUN: there is no chromium here")
        sys.exit(77)
    unittest.main()
