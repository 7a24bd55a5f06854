/** The style sheet of a network's page, beside that of every page. */
export const networkStyle = `
main{max-width:1500px}
.tools{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;margin-bottom:14px}
.tools form{display:flex;gap:6px;margin-left:auto;align-items:center}
.tools button,.tools input{font:inherit;font-size:13px;padding:4px 10px;color:var(--ink);background:var(--page);border:1px solid var(--line);border-radius:6px}
.tools button,.op,.head,.about{cursor:pointer}
.tools button:hover{border-color:var(--muted)}
.keys{display:flex;flex-wrap:wrap;gap:4px 14px;margin:0;font-size:12px;color:var(--muted)}
.keys span::before{content:"";display:inline-block;width:10px;height:10px;margin-right:5px;border-radius:2px;background:var(--mine,var(--line))}
#stage{overflow:auto;margin:0 -24px -22px;padding:8px 24px 26px;border-top:1px solid var(--line);background:var(--page);border-radius:0 0 10px 10px}
.inside{position:relative;margin:0 auto}
.inside>svg{position:absolute;inset:0;width:100%;height:100%;overflow:visible;pointer-events:none}
.inside path{fill:none;stroke:var(--muted);stroke-width:1.3;opacity:.75}
.block,.op,.port{position:absolute}
.block{background:var(--surface);border:1px solid var(--muted);border-radius:10px;box-shadow:2px 2px 0 var(--surface),3px 3px 0 1px var(--line)}
.block.open{box-shadow:none;background:color-mix(in srgb,var(--ink) 3%,var(--surface));border-style:dashed}
.block>.inside{margin:0 auto}
.head,.op{font:inherit;font-size:12px;line-height:18px;color:inherit;text-align:left;background:none;border:0;margin:0}
.head{display:block;width:100%;padding:8px 12px 6px;border-radius:10px}
.block:not(.open)>.head{height:100%}
.head:hover,.op:hover{background:color-mix(in srgb,var(--blue) 10%,var(--surface))}
.head>.line>b::before{content:"▸ ";color:var(--muted)}
.open>.head>.line>b::before{content:"▾ "}
.open>.head{display:flex;gap:14px;padding:9px 40px 9px 12px;height:40px;overflow:hidden}
.open>.head .closed{display:none}
.open>.head>.line{flex:none}
.open>.head>.line:first-child{flex:0 1 auto;min-width:0}
.open>.head>.line>span+span{display:none}
.about{position:absolute;right:8px;bottom:22px;display:none}
.open>.about{display:block;top:10px;bottom:auto}
.about,.block:not(.open):hover>.about,.block:not(.open):focus-within>.about{width:20px;height:20px;padding:0;font:italic 600 12px/18px Georgia,serif;color:var(--muted);background:var(--surface);border:1px solid var(--line);border-radius:10px}
.line{display:flex;justify-content:space-between;gap:12px}
.line>*{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.line>:last-child:not(:first-child){flex:none;max-width:60%;color:var(--muted)}
.line>b{font-size:13px;font-weight:600}
.small{color:var(--muted)}
.bar,.bar span{display:block;height:4px;border-radius:2px}
.bar{margin-top:3px;background:var(--faint)}
.bar>span{background:var(--blue);min-width:1px}
.bar>span>span{background:var(--vermilion)}
.op{padding:5px 10px 4px 12px;overflow:hidden;background:var(--surface);border:1px solid var(--line);border-left:4px solid var(--mine,var(--line));border-radius:6px}
.op.learns{background:color-mix(in srgb,var(--mine) 8%,var(--surface));border-color:color-mix(in srgb,var(--mine) 45%,var(--line));border-left-color:var(--mine)}
.convolution,.linear{--mine:var(--blue)}
.recurrent{--mine:var(--purple)}
.normalization{--mine:var(--green)}
.pooling,.reduction,.sampling{--mine:var(--orange)}
.elementwise{--mine:var(--vermilion)}
.movement,.selection{--mine:var(--muted)}
.op.input,.op.output{border:1.5px solid var(--ink);border-radius:16px;text-align:center}
.op.input>.line,.op.output>.line{justify-content:center}
.op.input>.line>:empty,.op.output>.line>:empty{display:none}
.marks{display:flex;gap:5px;margin-top:3px}
.mark{padding:0 6px;font-size:11px;line-height:17px;border-radius:9px;white-space:nowrap;background:var(--faint)}
.mark.zero{background:var(--vermilion);color:var(--surface)}
.mark.stays{background:none;outline:1px solid var(--muted);outline-offset:-1px}
.port{padding:0 8px;font-size:11px;line-height:20px;text-align:center;color:var(--muted);border:1px dashed var(--line);border-radius:11px;background:var(--page);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
button:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.facts{inset:auto 20px 20px auto;width:min(460px,calc(100vw - 40px));max-height:75vh;overflow:auto;margin:0;padding:16px 20px;color:var(--ink);background:var(--surface);border:1px solid var(--muted);border-radius:10px;box-shadow:0 6px 30px rgb(0 0 0/.25)}
.facts h3{margin:0;font-size:16px}
.facts h4{margin:12px 0 4px;font-size:13px;color:var(--muted)}
.facts .name{margin:0 0 10px;font-size:13px;color:var(--muted);overflow-wrap:anywhere}
.facts dl{font-size:13px}
.facts ul{margin:0;padding-left:18px;font-size:13px;overflow-wrap:anywhere}
.why{margin:0;padding-left:20px;overflow-wrap:anywhere}
td.long{white-space:normal;overflow-wrap:anywhere;min-width:260px}
@media print{.tools{display:none}#stage{overflow:visible}}
`;
