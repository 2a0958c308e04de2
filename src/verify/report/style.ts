/**
 * Colours are Okabe and Ito's, darkened or lightened until their text is legible; a shape, a pattern or a height says the
 * same as each colour. Places are shares of a width: the page fits any screen without a script.
 */
export const STYLE = `
:root{color-scheme:light dark;--bg:#faf9f7;--card:#fff;--ink:#20242a;--soft:#5a616b;--line:#e2e0da;--label:8.5rem;
--leader:#0a5c9e;--on-leader:#fff;--follower:#dfe9e6;--follower-edge:#3d8574;--candidate:#e69f00;--on-candidate:#241a00;--paused:#d9d5df;--down:#a8a49c;
--fault:#c2500a;--shade:rgba(213,94,0,.09);--ok:#6d7580;--failed:#9a6a00;--unknown:#9c3d7c;--lost:#b3261e;--area:#0a5c9e;--p50:#00735a;--p99:#c2500a;--good:#00624a;--bad:#b3261e;--open:#7d5700}
@media (prefers-color-scheme:dark){:root{--bg:#15171b;--card:#1c1f24;--ink:#e7e6e2;--soft:#a1a7b0;--line:#31353c;
--leader:#58b0ef;--on-leader:#06192a;--follower:#22322f;--follower-edge:#5fb8a3;--candidate:#f0b429;--on-candidate:#241a00;--paused:#3b3944;--down:#6d6a64;
--fault:#f08a4b;--shade:rgba(240,138,75,.13);--ok:#8d95a0;--failed:#e0ab3c;--unknown:#dc8fc0;--lost:#ff6f66;--area:#58b0ef;--p50:#4cc7a4;--p99:#f08a4b;--good:#4cc7a4;--bad:#ff7d74;--open:#e0ab3c}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:110rem;margin:0 auto;padding:1.5rem clamp(.75rem,3vw,2.5rem) 3rem}
h1{font-size:1.45rem;font-weight:650;margin:0 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1rem;font-weight:650;margin:0 0 .6rem}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.1rem;margin-top:1rem}
code,pre,.cluster{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:.92em}
.note,.facts,.legend,dt,th,.label{color:var(--soft)}
.note{margin:.6rem 0;font-size:.88rem;max-width:75ch}
.verdict{margin:0;overflow-wrap:anywhere}
.verdict strong{display:inline-block;border:1.5px solid;border-radius:99px;padding:.05rem .7rem;margin-right:.5rem}
.passed{--tone:var(--good)}.violation{--tone:var(--bad)}.inconclusive{--tone:var(--open)}
.verdict strong,td.passed,td.violation,td.inconclusive{color:var(--tone)}
ul{list-style:none;margin:0;padding:0}
.facts{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;font-size:.88rem;margin-top:.6rem;overflow-wrap:anywhere}
.facts span{opacity:.85}.facts span::after{content:":"}
.figures{display:grid;grid-template-columns:repeat(8,1fr);gap:.6rem;margin:1rem 0 0}
.figure{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem .8rem}
.figure dd{margin:0;font-size:1.35rem;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.25}
.figure dt{font-size:.82rem;line-height:1.3}
.figure.bad{border-color:var(--bad)}.figure.bad dd{color:var(--bad)}
.tools{display:flex;gap:.6rem 1rem;justify-content:space-between;align-items:start;margin-bottom:.5rem}
.legend{display:flex;flex-wrap:wrap;gap:.15rem .9rem;font-size:.82rem}
.legend li{display:flex;align-items:center;gap:.35rem}
.legend i{position:static;font-style:normal;width:1.5rem;height:1.05rem;display:inline-flex;align-items:center;justify-content:center;font-size:.7rem}
.zoom{display:flex;gap:.25rem;align-items:center;font-size:.82rem;white-space:nowrap}
.zoom output{min-width:2rem;text-align:center;font-variant-numeric:tabular-nums}
.zoom button,#copy{font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:6px;min-width:1.9rem;height:1.7rem;cursor:pointer;padding:0 .5rem}
.zoom button:hover,#copy:hover{border-color:var(--soft)}
.scroller{overflow-x:auto;overscroll-behavior-x:contain}
.canvas{--zoom:1;position:relative;width:calc(var(--label) + (100% - var(--label))*var(--zoom));padding-bottom:.4rem}
.row{display:grid;grid-template-columns:var(--label) 1fr;position:relative;margin-top:4px}
.label{position:sticky;left:0;z-index:3;background:var(--card);font-size:.82rem;padding-right:.6rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.track{position:relative;min-width:0}
.behind{position:absolute;inset:1.4rem 0 0;margin:0;pointer-events:none}
.behind .track span{position:absolute;top:0;bottom:0;background:var(--shade);min-width:1px}
.behind .track #cursor{background:var(--ink);opacity:.45;width:1px;z-index:2}
.axis{margin:0}.axis .track{height:1.4rem}
.tick{position:absolute;bottom:0;height:1.35rem;border-left:1px solid var(--line);padding-left:.25rem;font-size:.72rem;color:var(--soft);white-space:nowrap;font-variant-numeric:tabular-nums}
.tick.fine{display:none;font-size:.66rem}.zoomed .tick.fine{display:block}
.node .track{height:1.75rem}.node .label{line-height:1.75rem}
.item{position:absolute;top:0;height:100%;min-width:2px;margin:0;padding:0;border:0;border-radius:2px;font:inherit;font-size:.74rem;color:inherit;text-align:left;overflow:hidden;white-space:nowrap;cursor:default;container-type:inline-size}
.item:focus-visible,.track:focus-visible,pre:focus-visible,button:focus-visible{outline:2px solid var(--ink);outline-offset:1px;z-index:2}
.fit{display:block;padding:0 .3rem;overflow:hidden;text-overflow:clip}
.fault .fit{text-overflow:ellipsis}
@container (max-width:5.6rem){.span .word{display:none}}
@container (max-width:2.1rem){.span .term{display:none}}
@container (max-width:1.2rem){.fit{visibility:hidden}}
@container (max-width:4rem){.fault .word{display:none}}
.term{font-variant-numeric:tabular-nums}
.span.leader{background:var(--leader);color:var(--on-leader);font-weight:600}
.span.follower{background:var(--follower);box-shadow:inset 0 -3px var(--follower-edge)}
.span.learner{background:repeating-linear-gradient(90deg,var(--follower-edge) 0 5px,transparent 5px 9px) left bottom/100% 3px no-repeat,var(--follower)}
.span.candidate{z-index:1;background:repeating-linear-gradient(135deg,var(--candidate) 0 5px,color-mix(in srgb,var(--candidate) 60%,var(--card)) 5px 10px) var(--candidate);color:var(--on-candidate)}
.span.paused{background:repeating-linear-gradient(90deg,var(--paused) 0 3px,transparent 3px 7px);box-shadow:inset 0 0 0 1px var(--down)}
.span.down{background:none;border:1px dashed var(--down);color:var(--soft)}
.span.starting{background:none;border:1px dotted var(--follower-edge);color:var(--soft)}
.span.absent{background:none;color:var(--soft)}
.span.unclear{background:var(--follower)}
.span.several{background:repeating-linear-gradient(0deg,var(--candidate) 0 2px,var(--follower) 2px 5px)}
.faults .track{height:1.6rem}.faults .label{line-height:1.6rem}
.fault{background:color-mix(in srgb,var(--fault) 16%,var(--card));border-left:3px solid var(--fault);border-radius:0 3px 3px 0}
.item.fault{border-left:3px solid var(--fault)}
.fault.moment{min-width:1.25rem}
.item.struck{background:var(--fault);color:var(--card)}
.none{font-size:.8rem;color:var(--soft)}
tr.struck td{background:var(--shade)}
.operations{margin-top:10px}.operations .track{height:calc(var(--lines)*.7rem + .3rem)}
.track svg{position:absolute;inset:0;width:100%;height:100%;display:block}
.op,.p50,.p99,.grid{fill:none;vector-effect:non-scaling-stroke}
.op.ok{stroke:var(--ok);stroke-width:3px}.op.failed{stroke:var(--failed);stroke-width:2px}
.op.unknown{stroke:var(--unknown);stroke-width:2px;stroke-dasharray:3 1.5}.op.lost{stroke:var(--lost);stroke-width:3px}
.here{position:absolute;min-width:4px;border:1.5px solid var(--ink);border-radius:2px;pointer-events:none}
.legend .mark{position:relative}.mark::before{content:"";display:block;background:var(--tone)}
.mark.ok{--tone:var(--ok)}.mark.ok::before{width:100%;height:3px}
.mark.failed{--tone:var(--failed)}.mark.failed::before{width:2px;height:40%}
.mark.unknown::before{width:0;height:90%;border-left:2px dashed var(--unknown)}
.mark.lost{--tone:var(--lost)}.mark.lost::before{width:3px;height:100%}
.chart{margin-top:10px}.chart .track{height:6.5rem;margin-top:1.4rem;border-bottom:1px solid var(--line)}
.chart .label{overflow:visible}.scale{position:absolute;inset:1.4rem 0 0}
.scale span{position:absolute;right:.4rem;transform:translateY(-50%);font-size:.7rem;font-variant-numeric:tabular-nums}
.grid{stroke:var(--line)}.area{fill:var(--area);fill-opacity:.55}
.p50{stroke:var(--p50);stroke-width:2px}.p99{stroke:var(--p99);stroke-width:1.5px;stroke-dasharray:4 2}
.key{display:inline-block;width:1rem;margin-left:.4rem;border-top:2px solid var(--p50);vertical-align:middle}.key.p99{border-top:2px dashed var(--p99)}
#detail{position:fixed;z-index:9;max-width:min(32rem,calc(100vw - 1rem));background:var(--ink);color:var(--bg);padding:.4rem .65rem;border-radius:6px;font-size:.82rem;white-space:pre-line;overflow-wrap:anywhere;pointer-events:none}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{text-align:left;font-weight:400;padding:.28rem .9rem .28rem 0;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;font-size:.8rem}tbody th{color:var(--ink)}
td code{overflow-wrap:anywhere}td code{display:block;min-width:12rem}td.number{white-space:nowrap;font-variant-numeric:tabular-nums}
pre{margin:0;max-height:24rem;overflow:auto;background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem}
@media (max-width:75rem){.figures{grid-template-columns:repeat(4,1fr)}}
@media (max-width:40rem){.figures{grid-template-columns:repeat(2,1fr)}:root{--label:4.6rem}main{padding-top:1rem}section{padding:.8rem .7rem}.label{font-size:.74rem;padding-right:.3rem}.tools{flex-direction:column}}
@media print{.zoom,#copy,#detail{display:none}.scroller{overflow:visible}pre{max-height:none}}
`;
