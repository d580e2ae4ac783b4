// What of the page of a run is the same for every run: its looks, its keys, its script.
#pragma once

#include <string_view>

namespace quorumlab::report {

inline constexpr std::string_view kRunStyle = R"(
:root { --page:#fbfaf7; --panel:#fff8e6; --ink:#1d1d1b; --soft:#63625c; --line:#dedcd5; --lane:#b5b3aa; --yes:#00805d; --no:#d55e00;
  --bad:#b84a00; --leader:#e69f00; --candidate:#f0e442; --warn:#a86e00; --mark:#0072b2; --packet:#77756e; --request:#a3487b; --pick:#d5e7f4; }
@media (prefers-color-scheme: dark) { :root { --page:#161614; --panel:#2b281d; --ink:#ecebe6; --soft:#a3a198; --line:#3b3a35; --lane:#5b5a53;
  --yes:#3fcb9d; --no:#ff9a57; --bad:#ff9a57; --leader:#e69f00; --candidate:#f0e442; --warn:#f0b030; --mark:#63b9ec; --packet:#a3a198; --request:#e69cc6; --pick:#143850; } }
* { box-sizing:border-box; }
body { margin:0; padding:24px 24px 90px; background:var(--page); color:var(--ink); font:15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; }
h1 { font-size:24px; margin:0 0 6px; } p { margin:4px 0 10px; max-width:90ch; } .soft { color:var(--soft); }
code, pre, kbd { font-family:ui-monospace, Consolas, "DejaVu Sans Mono", monospace; font-size:13px; } pre { overflow-x:auto; }
.verdict { border-left:6px solid var(--yes); padding:8px 16px; margin:14px 0; } .verdict.bad { border-color:var(--bad); }
.verdict b { font-size:17px; color:var(--yes); } .verdict.bad b { color:var(--bad); } .verdict p { margin:4px 0 0; }
.overview { overflow-x:auto; margin:8px 0; } #overview { display:block; width:100%; max-width:1200px; min-width:800px; height:auto; } #overview [data-go] { cursor:pointer; }
.write.yes { stroke:var(--yes); stroke-width:2; } .write.no { stroke:var(--bad); stroke-width:2.5; fill:none; }
.fault { fill:var(--soft); } .broken { stroke:var(--bad); stroke-width:2; stroke-dasharray:4 3; } .mark { fill:var(--mark); }
.controls { display:flex; flex-wrap:wrap; gap:10px 16px; align-items:center; margin:12px 0; }
input, select, button { font:inherit; color:inherit; background:var(--page); border:1px solid var(--line); border-radius:6px; padding:4px 10px; }
.ladder { border:1px solid var(--line); border-radius:8px; } .ladder svg { display:block; width:100%; height:auto; }
.heads { position:sticky; top:0; background:var(--page); border-bottom:1px solid var(--line); z-index:2; }
.ev, .msg { cursor:pointer; outline:none; } .ev:hover .row { fill:var(--pick); opacity:.5; } .ev.on .row { fill:var(--pick); } .ev.miss { opacity:.18; }
.msg:hover line, .msg.on line { stroke-width:3; } .ev.chain .row { fill:var(--panel); } .msg.chain line { stroke:var(--mark); stroke-width:2.5; }
#why { position:fixed; right:16px; bottom:16px; width:min(560px, 92vw); max-height:60vh; overflow:auto; display:none; background:var(--page);
  border:1px solid var(--line); border-radius:10px; padding:12px 18px; box-shadow:0 8px 30px #0005; z-index:5; }
#why h2 { margin:0 0 4px; font-size:16px; } #why button { float:right; cursor:pointer; } #why ol { margin:0; padding-left:22px; } #why li { margin:4px 0; }
#why time { color:var(--soft); font-variant-numeric:tabular-nums; margin-right:6px; }
.legend { display:flex; flex-wrap:wrap; gap:6px 20px; list-style:none; padding:0; color:var(--soft); font-size:13px; }
.legend li { display:flex; align-items:center; gap:7px; }
.question { border-left:3px solid var(--line); padding:2px 14px; margin:14px 0; } .question p { margin:4px 0; }
table { border-collapse:collapse; font-size:13px; } th, td { text-align:left; padding:4px 14px 4px 0; border-bottom:1px solid var(--line); vertical-align:top; }
tr.no td { color:var(--bad); } td.num { font-variant-numeric:tabular-nums; white-space:nowrap; } summary { cursor:pointer; font-weight:600; } details { margin-top:18px; }
dialog { background:var(--page); color:var(--ink); border:1px solid var(--line); border-radius:10px; }
)";

inline constexpr std::string_view kKeysTable =
    "<tr><td><kbd>j</kbd> <kbd>k</kbd></td><td>next, previous event</td></tr>"
    "<tr><td><kbd>n</kbd> <kbd>p</kbd></td><td>next, previous bookmark (a presenter's remote, too)</td></tr>"
    "<tr><td><kbd>f</kbd></td><td>next act</td></tr><tr><td><kbd>v</kbd></td><td>next violation or failed expectation</td></tr>"
    "<tr><td><kbd>Enter</kbd></td><td>why did it happen?</td></tr><tr><td><kbd>/</kbd></td><td>search; Enter goes to the next one found</td></tr>"
    "<tr><td><kbd>Esc</kbd></td><td>close, clear</td></tr><tr><td><kbd>?</kbd></td><td>this help</td></tr>";

inline constexpr std::string_view kRunScript = R"(
(function () {
  var records = JSON.parse(document.getElementById('records').textContent);
  var $ = function (id) { return document.getElementById(id); };
  var events = Array.from(document.querySelectorAll('#ladder .ev')), marks = Array.from(document.querySelectorAll('#ladder .remark')).filter(function (m) { return m.querySelector('.bookmark'); });
  var why = $('why'), chain = $('chain'), current = null;
  function clear(name) { document.querySelectorAll('#ladder .' + name).forEach(function (e) { e.classList.remove(name); }); }
  function show(element) { if (element) window.scrollTo({ top: element.getBoundingClientRect().top + scrollY - innerHeight / 3 }); }
  function pick(element) { clear('on'); clear('chain'); current = element; if (element) element.classList.add('on'); }
  function explain(element) {
    pick(element); chain.textContent = '';
    for (var id = element.dataset.id; records[id]; id = String(records[id][3])) {
      var r = records[id], li = document.createElement('li'), t = document.createElement('time');
      t.textContent = r[0]; li.append(t, r[2]); chain.append(li);
      document.querySelectorAll('#ladder [data-id="' + id + '"]').forEach(function (e) { if (e !== element) e.classList.add('chain'); });
    }
    why.style.display = 'block';
  }
  function place(list) {
    if (!current) return -1;
    var id = Number(current.dataset.id), at = -1;
    list.forEach(function (e, i) { if (Number(e.dataset.id) <= id) at = i; });
    return at;
  }
  function go(list, step, ask) {
    if (!list.length) return;
    var at = place(list), exact = at >= 0 && list[at] === current;
    at = step > 0 ? at + 1 : exact || at < 0 ? at - 1 : at;
    at = Math.max(0, Math.min(list.length - 1, at));
    if (ask || why.style.display === 'block' && list[at].classList.contains('ev')) explain(list[at]); else pick(list[at]);
    show(list[at]);
  }
  function to(id) { var e = $('e' + id) || $('r' + id); if (!e) return; if ($('e' + id)) explain(e); else pick(e); show(e); }
  document.addEventListener('click', function (e) {
    var target = e.target.closest('[data-go]'); if (target) return to(target.dataset.go);
    target = e.target.closest('#ladder .ev, #ladder .msg'); if (target) explain(target);
  });
  function close() { why.style.display = 'none'; clear('chain'); if ($('help').open) $('help').close(); }
  $('close').addEventListener('click', close);
  $('marks').addEventListener('change', function () { if (this.value) to(this.value); this.value = ''; });
  var hits = events;
  $('search').addEventListener('input', function () {
    var words = this.value.trim().toLowerCase();
    hits = events.filter(function (e) {
      var hit = !words || e.textContent.toLowerCase().indexOf(words) >= 0; e.classList.toggle('miss', !hit); return hit; });
    $('found').textContent = words ? hits.length + ' of ' + events.length : '';
  });
  var faults = events.filter(function (e) { return e.classList.contains('act'); });
  var broken = Array.from(document.querySelectorAll('.broken')).map(function (b) { return $('e' + b.dataset.go); }).filter(Boolean);
  document.addEventListener('keydown', function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    var typing = e.target === $('search');
    if (e.key === 'Escape') { if (typing) { $('search').value = ''; $('search').dispatchEvent(new Event('input')); $('search').blur(); } return close(); }
    if (typing) { if (e.key === 'Enter') go(hits, e.shiftKey ? -1 : 1); return; }
    var keys = { j: [events, 1], k: [events, -1], n: [marks, 1], p: [marks, -1], PageDown: [marks, 1], PageUp: [marks, -1], '.': [marks, 1],
      f: [faults, 1], v: [broken, 1] };
    if (keys[e.key]) { e.preventDefault(); return go(keys[e.key][0], keys[e.key][1], e.key === 'v'); }
    if (e.key === 'Enter' && current && current.classList.contains('ev')) return explain(current);
    if (e.key === '/') { e.preventDefault(); $('search').focus(); }
    if (e.key === '?') $('help').showModal();
  });
  if (location.hash.slice(0, 2) === '#e' || location.hash.slice(0, 2) === '#r') to(location.hash.slice(2));
})();
)";

}  // namespace quorumlab::report
