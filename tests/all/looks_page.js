// Drives the sliders and tables of a report's page as a hand would, and leaves what it saw on the body.
window.addEventListener('load', () => {
  const out = {};
  try {
    const $ = id => document.getElementById(id);
    const fire = (node, kind) => node.dispatchEvent(new Event(kind, { bubbles: true }));
    const figure = text => +text.replaceAll(',', '').replace('−', '-');
    const rows = () => [...$('wi-table').tBodies[0].rows];
    const card = id => figure($(id).textContent);
    const { data, engine, state } = window.outlayWhatIf;
    const total = () => state.x.reduce((a, b) => a + b, 0);
    const shown = () => rows().reduce((sum, row) => sum + figure(row.cells[2].textContent), 0);
    const limits = () => data.groups.map(group => {
      const sum = group.lines.reduce((s, l) => s + state.x[l], 0), all = total();
      const low = Math.max(group.min ?? 0, (group.share_min ?? 0) * all);
      const high = Math.min(group.max ?? Infinity, (group.share_max ?? Infinity) * all);
      return sum >= low - 1 && sum <= high + 1;
    });
    const within = () => limits().every(Boolean) && state.x.every((x, l) => x >= data.lines[l].low - 0.01 && x <= data.lines[l].high + 0.01);
    const budget = $('wi-budget');
    // the cells of the page's figures that are no figures
    out.wrong = [];
    const look = when => document.querySelectorAll('td, .card').forEach(node => {
      if (/\b(NaN|undefined|Infinity|null|None)\b/.test(node.textContent)) out.wrong.push(`${when}: ${node.textContent}`);
    });
    look('as opened');

    out.plan = { spent: card('wi-spent'), mean: card('wi-mean'), shown: shown(), lines: data.lines.length };
    const own = engine.solve(data.budget, data.ceiling, new Map());
    out.own = engine.spread(own.x).mean / data.plan.mean;

    budget.value = data.budget * 1.25;
    fire(budget, 'input');
    out.more = { spent: card('wi-spent'), mean: card('wi-mean'), shown: shown(), total: total(), budget: state.budget, within: within() };
    out.share = data.groups.filter(group => group.share_max != null).map(group => group.lines.reduce((s, l) => s + state.x[l], 0) / total());

    look('with more');
    $('wi-ceiling').value = 40;
    fire($('wi-ceiling'), 'input');
    out.ceiling = { spent: card('wi-spent'), last: card('wi-last'), asked: figure($('wi-ceiling-o').textContent), within: within() };

    $('wi-reset').click();
    out.reset = { spent: card('wi-spent'), mean: card('wi-mean') };
    look('as before');

    const slider = rows()[0].querySelector('input'), before = [...state.x];
    slider.value = slider.max;
    fire(slider, 'input');
    out.pinned = { moved: state.x.filter((x, l) => Math.abs(x - before[l]) > 1).length, total: total(), budget: data.budget, within: within(), said: rows()[0].cells[6].textContent, key: rows()[0].className };
    $('wi-free').click();
    slider.value = slider.min;
    fire(slider, 'input');
    out.alone = { total: total(), within: limits() };
    $('wi-reset').click();

    const times = [];
    const timed = (node, value) => {
      const start = performance.now();
      node.value = value;
      fire(node, 'input');
      document.body.offsetHeight;
      times.push(performance.now() - start);
    };
    for (let i = 0; i < 30; i++) timed(budget, data.budget * (0.6 + 0.025 * i));
    for (let i = 0; i < 30; i++) timed(slider, +slider.min + (slider.max - slider.min) * i / 30);
    times.sort((a, b) => a - b);
    out.times = { median: times[times.length >> 1], ninth: times[Math.floor(0.9 * times.length)], most: times.at(-1) };

    const table = document.querySelector('#allocation table'), first = () => table.tBodies[0].rows[0].cells[0].textContent.trim();
    const heads = [...table.tHead.rows[0].cells];
    heads[2].querySelector('button').click();
    const least = first();
    heads[2].querySelector('button').click();
    out.sorted = { least, most: first(), sort: heads[2].getAttribute('aria-sort') };
    const search = document.querySelector('#allocation input[type=search]');
    if (search) {
      search.value = first();
      fire(search, 'input');
      out.filtered = [...table.tBodies[0].rows].filter(row => !row.hidden).length;
      search.value = '';
      fire(search, 'input');
    }
    let copied = '';
    document.execCommand = () => { copied = document.activeElement.value ?? ''; return true; };
    Object.defineProperty(navigator, 'clipboard', { value: { writeText: async text => { copied = text; } }, configurable: true });
    document.querySelector('#allocation .tools button').click();
    out.copied = copied.split('\n').slice(0, 3);
    out.unlabelled = [...document.querySelectorAll('input, button')].filter(node => !(node.labels?.length || node.getAttribute('aria-label') || node.textContent.trim())).length;
    out.captions = [...document.querySelectorAll('table')].filter(table => !table.caption).length;
    out.dead = [...document.querySelectorAll('a[href^="#"]')].filter(link => !document.getElementById(decodeURIComponent(link.hash.slice(1)))).map(link => link.hash);
    out.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  } catch (error) { out.error = String(error.stack || error); }
  document.body.dataset.seen = JSON.stringify(out);
});
