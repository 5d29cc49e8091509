// SPDX-License-Identifier: Apache-2.0

extension HTMLReference {
  static let style = """
    :root { --text: #1d232b; --dim: #5b6672; --line: #dde2e8; --back: #ffffff; --soft: #f4f6f8; --link: #0b5cad; }
    @media (prefers-color-scheme: dark) {
      :root { --text: #dfe5ec; --dim: #98a4b1; --line: #323b45; --back: #14181d; --soft: #1d232a; --link: #7cb8f5; }
    }
    * { box-sizing: border-box; }
    html { scroll-padding-top: 1rem; }
    body { margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr); color: var(--text);
      background: var(--back); font: 16px/1.55 system-ui, sans-serif; }
    a { color: var(--link); text-decoration: none; }
    a:hover { text-decoration: underline; }
    code, pre { font: 0.9em/1.5 ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; }
    nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1rem; background: var(--soft);
      border-right: 1px solid var(--line); }
    nav .title { display: block; font-weight: 650; color: var(--text); margin-bottom: 0.6rem; }
    nav ul, nav ol { list-style: none; margin: 0.2rem 0 0.6rem; padding-left: 1.1rem; font-size: 0.92em; }
    nav ol { padding-left: 0; }
    nav summary { cursor: pointer; }
    #search { width: 100%; padding: 0.45rem 0.6rem; margin-bottom: 0.7rem; font: inherit; color: inherit;
      background: var(--back); border: 1px solid var(--line); border-radius: 6px; }
    #results a { display: block; padding: 0.25rem 0.4rem; border-radius: 5px; }
    #results a[aria-selected="true"] { background: var(--line); }
    #results small { display: block; color: var(--dim); overflow: hidden; text-overflow: ellipsis;
      white-space: nowrap; }
    main { padding: 1rem 2rem 6rem; max-width: 56rem; }
    h1 { font-size: 1.7rem; margin: 0.4rem 0 1rem; }
    h2 { font-size: 1.35rem; margin: 3rem 0 0.6rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); }
    h3 { font-size: 1.08rem; margin: 0 0 0.4rem; }
    h3.part { margin: 2rem 0 0; color: var(--dim); }
    h4 { font-size: 1rem; margin: 1rem 0 0.3rem; }
    h2 a, h3 a, dt > a { color: inherit; }
    small { color: var(--dim); font-weight: 400; }
    article { margin: 1.6rem 0; padding-left: 0.9rem; border-left: 3px solid var(--line); }
    article:target, dt:target, tr:target { background: var(--soft); border-left-color: var(--link); }
    p { margin: 0.4rem 0; }
    pre { margin: 0.5rem 0; padding: 0.6rem 0.8rem; background: var(--soft); border-radius: 6px; overflow-x: auto; }
    pre.signature { white-space: pre-wrap; overflow-wrap: anywhere; }
    a.built-in { color: inherit; border-bottom: 1px dotted var(--dim); }
    dl { margin: 0.6rem 0; }
    dt { margin-top: 0.5rem; overflow-wrap: anywhere; }
    dd { margin: 0 0 0 1.2rem; color: var(--dim); }
    .on { color: var(--dim); }
    .wide { overflow-x: auto; }
    table { border-collapse: collapse; }
    th, td { text-align: left; padding: 0.3rem 0.8rem 0.3rem 0; border-bottom: 1px solid var(--line);
      vertical-align: top; }
    @media (max-width: 46rem) {
      body { display: block; }
      nav { position: static; height: auto; max-height: none; border-right: 0; border-bottom: 1px solid var(--line); }
      nav details { display: inline-block; margin-right: 0.8rem; }
      nav details[open] { display: block; }
      main { padding: 0.5rem 1rem 4rem; }
    }
    @media print {
      :root { --text: #000; --dim: #444; --line: #bbb; --back: #fff; --soft: #fff; --link: #000; }
      body { display: block; font-size: 10pt; }
      nav { display: none; }
      main { max-width: none; padding: 0; }
      article, dt { break-inside: avoid; }
      h2, h3, h4 { break-after: avoid; }
      pre { border: 1px solid #bbb; white-space: pre-wrap; }
    }

    """

  static let script = """
    (() => {
      const search = document.getElementById("search"), results = document.getElementById("results");
      const contents = document.getElementById("contents");
      const entries = [...document.querySelectorAll("article")].map(a => ({
        id: a.id, name: a.dataset.name, kind: a.dataset.kind, more: a.dataset.more.trim(),
        low: a.dataset.name.toLowerCase(), text: (a.id + " " + a.dataset.more).toLowerCase() }));
      for (const dt of document.querySelectorAll("dt[id]")) {
        const name = dt.id.split(".").pop(), owner = dt.closest("article");
        entries.push({ id: dt.id, name: owner.dataset.name + "." + name, kind: "field", low: name.toLowerCase(),
          more: dt.nextElementSibling.textContent.trim(), text: dt.id.toLowerCase() });
      }
      const rank = (e, q) => e.low === q ? 0 : e.low.startsWith(q) ? 1 : e.low.includes(q) ? 2 : e.text.includes(q) ? 3 : 9;
      let selected = 0;
      const select = n => {
        const links = [...results.querySelectorAll("a")];
        selected = Math.max(0, Math.min(n, links.length - 1));
        links.forEach((a, i) => a.setAttribute("aria-selected", i === selected));
        links[selected]?.scrollIntoView({ block: "nearest" });
      };
      const show = () => {
        const q = search.value.trim().toLowerCase();
        results.hidden = !q; contents.hidden = !!q; results.replaceChildren();
        if (!q) return;
        const found = entries.map((e, i) => [rank(e, q), i, e]).filter(x => x[0] < 9)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, 40);
        for (const [, , e] of found) {
          const li = document.createElement("li"), a = document.createElement("a"), small = document.createElement("small");
          a.href = "#" + e.id; a.textContent = e.name + " ";
          small.textContent = e.kind + (e.more ? ": " + e.more : "");
          a.append(small); li.append(a); results.append(li);
        }
        if (!found.length) results.textContent = "Nothing is called so.";
        select(0);
      };
      search.addEventListener("input", show);
      search.addEventListener("keydown", e => {
        if (e.key === "ArrowDown") { select(selected + 1); e.preventDefault(); }
        if (e.key === "ArrowUp") { select(selected - 1); e.preventDefault(); }
        if (e.key === "Enter") { results.querySelectorAll("a")[selected]?.click(); }
        if (e.key === "Escape") { search.value = ""; show(); search.blur(); }
      });
      document.addEventListener("keydown", e => {
        if (e.key === "/" && document.activeElement !== search) { search.focus(); e.preventDefault(); }
      });
    })();

    """
}
