'use strict';
// Tables: sorting, filtering, copying. Theme. Details that a deep link points into.
(() => {
  const lang = document.documentElement.lang;
  const say = text => { document.getElementById('said').textContent = text; };

  // The figure of a cell: what it carries, or what its text says in full; absent where it has none.
  const figure = cell => {
    if ('v' in cell.dataset) return cell.dataset.v === 'none' ? '' : cell.dataset.v;
    const text = cell.classList.contains('n') ? cell.textContent.trim() : '';
    return /^[+−-]?\d[\d,]*(\.\d+)?$/.test(text) ? text.replaceAll(',', '').replace('−', '-').replace('+', '') : null;
  };
  // What a cell is worth: its figure, or its text. A spreadsheet must not take a name for a formula.
  const value = cell => {
    const exact = figure(cell);
    if (exact !== null) return exact;
    // a heading and the small print below it are two words, whatever the layout puts between them
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), parts = [];
    while (texts.nextNode()) parts.push(texts.currentNode.data.trim());
    const text = parts.filter(Boolean).join(' ').replace(/\s+/g, ' ');
    return /^[=+\-@]/.test(text) && isNaN(text) ? "'" + text : text;
  };
  const copy = async (table, button) => {
    const rows = [...table.rows].filter(row => !row.hidden).map(row => [...row.cells].map(value).join('\t'));
    const text = rows.join('\n');
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
      button.focus();
    }
    const words = button.textContent;
    button.textContent = button.dataset.done;
    say(button.dataset.done);
    setTimeout(() => { button.textContent = words; }, 1500);
  };

  const sortable = table => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (head.getAttribute('aria-hidden')) return;
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const up = head.getAttribute('aria-sort') !== 'ascending';
        heads.forEach(other => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        const key = row => {
          const cell = row.cells[column], exact = figure(cell);
          return exact === null ? cell.textContent.trim() : exact === '' ? -Infinity : +exact;
        };
        const collator = new Intl.Collator(lang, { numeric: true });
        const order = (a, b) => typeof a === 'number' ? a - b : collator.compare(a, b);
        const rows = [...table.tBodies[0].rows].map(row => [key(row), row]);
        rows.sort((a, b) => (up ? 1 : -1) * (order(a[0], b[0]) || 0));
        table.tBodies[0].append(...rows.map(pair => pair[1]));
      });
    });
  };

  const tools = table => {
    const bar = document.getElementById('tools').content.firstElementChild.cloneNode(true);
    const [input, count, button] = [bar.querySelector('input'), bar.querySelector('.count'), bar.querySelector('button')];
    const rows = () => [...table.tBodies[0].rows];
    if (rows().length < 8) bar.querySelector('label').remove();
    input.addEventListener('input', () => {
      const wanted = input.value.toLocaleLowerCase(lang);
      let shown = 0;
      for (const row of rows()) {
        row.hidden = wanted !== '' && !row.textContent.toLocaleLowerCase(lang).includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      count.textContent = wanted === '' ? '' : count.dataset.of.replace('{shown}', shown).replace('{all}', rows().length);
    });
    button.addEventListener('click', () => copy(table, button));
    table.parentElement.before(bar);
  };

  document.querySelectorAll('table.sort').forEach(sortable);
  document.querySelectorAll('table.tools-on').forEach(tools);
  window.outlayCopy = copy;

  const theme = document.getElementById('theme');
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem('outlay-theme'); } catch { return null; } };
  const wear = name => {
    if (name === 'auto') delete root.dataset.theme; else root.dataset.theme = name;
    theme.textContent = theme.dataset[name];
    try { localStorage.setItem('outlay-theme', name); } catch { /* a page from a file may keep nothing */ }
  };
  theme.hidden = false;
  wear(['light', 'dark'].includes(kept()) ? kept() : 'auto');
  theme.addEventListener('click', () => {
    wear({ light: 'dark', dark: 'auto' }[root.dataset.theme] || 'light');
  });

  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) target.closest('details')?.setAttribute('open', '');
  };
  window.addEventListener('hashchange', unfold);
  unfold();

  const links = new Map([...document.querySelectorAll('nav a')].map(link => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver(entries => {
    for (const entry of entries) if (entry.isIntersecting) {
      links.forEach(link => link.removeAttribute('aria-current'));
      links.get(entry.target.id)?.setAttribute('aria-current', 'true');
    }
  }, { rootMargin: '-10% 0px -80% 0px' });
  document.querySelectorAll('main > section').forEach(section => seen.observe(section));
})();
