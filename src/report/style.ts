/** The style sheet of report.html. */
import { paletteCss } from "./palette.ts";

/** Names that one chart can hide. */
const NAMES = 8;
const hiding = Array.from({ length: NAMES }, (_, i) => `figure:has(.t${i}:not(:checked)) .s${i}`).join(",");

export const style = `${paletteCss(":root")}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}
header{margin-bottom:28px}
.brand{margin:0;color:var(--green);font-weight:600;letter-spacing:.04em}
h1{margin:2px 0 6px;font-size:30px;line-height:1.2;font-weight:650}
h2{margin:0 0 12px;font-size:18px;font-weight:600}
.lead{margin:0;font-size:17px;color:var(--muted)}
section{margin-top:20px;padding:22px 24px;background:var(--surface);border:1px solid var(--line);border-radius:10px}
.cards,.columns{display:grid;gap:14px;padding:0;background:none;border:0}
.cards{grid-template-columns:repeat(auto-fit,minmax(min(290px,100%),1fr))}
.columns{grid-template-columns:repeat(auto-fit,minmax(min(340px,100%),1fr));gap:20px}
.card,.columns>div{padding:16px 18px;background:var(--surface);border:1px solid var(--line);border-radius:10px}
.columns>div{padding:22px 24px;min-width:0}
.card p{margin:0}
.card .name,.card .detail{color:var(--muted);font-size:13px}
.card .value{margin:2px 0;font-size:24px;font-weight:650;font-variant-numeric:tabular-nums}
.note{margin:12px 0 0;color:var(--muted);font-size:13px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(400px,100%),1fr));gap:24px 28px}
figure{margin:0;min-width:0}
figcaption{margin-bottom:8px;font-weight:600;font-size:14px}
.names{display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 4px;font-size:13px;color:var(--muted)}
.names input{margin:0 2px 0 0;vertical-align:-1px}
${hiding}{display:none}
.chart path:has(title):hover{stroke-width:3;stroke:var(--ink)}
.wide{max-width:640px;margin-bottom:18px}
.chart{display:block;width:100%;height:auto}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:7px 12px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--muted);font-size:13px;font-weight:600}
tbody tr:last-child td{border-bottom:0}
.n{text-align:right}
td:first-child,th:first-child{padding-left:0}
td:last-child,th:last-child{padding-right:0}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}
pre{margin:0;padding:14px 16px;overflow-x:auto;background:var(--page);border:1px solid var(--line);border-radius:8px}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:5px 20px;margin:0;font-size:14px}
a{color:var(--blue)}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
@media(max-width:480px){main{padding:24px 14px}section,.columns>div{padding:16px 14px}.scroll{margin:0 -14px;padding:0 14px}dl{grid-template-columns:minmax(0,1fr)}dd{margin-bottom:6px}}
@media print{body{background:none}section{break-inside:avoid}}
`;
