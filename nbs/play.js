// The page "Play": decoders as ONNX files, run by onnxruntime-web in the reader's browser
import * as ort from './site_libs/onnxruntime-web/ort.wasm.bundle.min.mjs'

ort.env.wasm.numThreads = 1   // more need headers that a static site can't send
ort.env.logLevel = 'error'
const $ = id => document.getElementById(id)
const sessions = {}
let model, net, y, corners, spot, z, spent, decoded

const gauss = () => Math.sqrt(-2*Math.log(1-Math.random()))*Math.cos(2*Math.PI*Math.random())
const length = v => Math.hypot(...v)

// A weighted mean of codes, stretched to the weighted mean of their lengths: means are too short for the prior
function mix(codes, weights) {
  const sum = f => codes.reduce((s, c, i) => s+weights[i]*f(c), 0)
  const v = codes[0].map((_, k) => sum(c => c[k]))
  return v.map(o => o*sum(length)/(length(v) || 1))
}

// Decodings queue up, for a session does one at a time
let queue = Promise.resolve()
function decode(zs) {
  const rows = a => new ort.Tensor('float32', Float32Array.from(a.flat()), [a.length, a[0].length])
  const inputs = {z: rows(zs)}, session = net   // another network may be chosen while this waits
  if (y.length) inputs.y = rows(zs.map(() => y))
  return queue = queue.then(async () => {
    const start = performance.now(), {x} = await session.run(inputs)
    if (zs.length == 1) { spent += performance.now()-start; decoded++ }
    return x
  })
}

// Pictures of a batch on one canvas, with a pixel between them
function paint(canvas, x, columns = x.dims[0]) {
  const [n, channels, sz] = x.dims, step = sz+1, image = new ImageData(columns*step-1, Math.ceil(n/columns)*step-1)
  for (let i = 0; i < n; i++) for (let p = 0; p < sz*sz; p++) {
    const row = Math.floor(i/columns)*step+Math.floor(p/sz), column = i%columns*step+p%sz, at = 4*(row*image.width+column)
    for (let c = 0; c < 3; c++) image.data[at+c] = Math.round(255*x.data[(i*channels+c%channels)*sz*sz+p])
    image.data[at+3] = 255
  }
  canvas.width = image.width; canvas.height = image.height
  canvas.getContext('2d').putImageData(image, 0, 0)
}

// The large picture shows the newest code; those that came while it was busy are skipped
let busy = false
async function show(code) {
  z = code
  if (busy) return
  busy = true
  for (let done; done != z;) { done = z; paint($('picture'), await decode([done])) }
  busy = false
  $('status').textContent = `${(spent/decoded).toFixed(2)} ms per picture (mean of ${decoded})`
}

const onPad = (u, v) => mix(corners, [(1-u)*(1-v), u*(1-v), (1-u)*v, u*v])
const end = name => model.codes[document.querySelector(`[name=${name}]:checked`).value]
const onWalk = t => mix([end('from'), end('to')], [1-t, t])

async function drawMap() {
  const at = [...Array(7).keys()].map(i => (i+.5)/7)   // the middles of its cells
  paint($('map'), await decode(at.flatMap(v => at.map(u => onPad(u, v)))), 7)
}
async function drawWalk() { paint($('steps'), await decode([...Array(9).keys()].map(i => onWalk(i/8)))) }
async function drawEnds() {
  const x = await decode(model.codes), size = x.data.length/x.dims[0]
  for (const name of ['from', 'to']) model.codes.forEach((_, i) =>
    paint($(name+i).nextSibling.firstChild, {dims: [1, ...x.dims.slice(1)], data: x.data.subarray(i*size, (i+1)*size)}))
}
function drawAll() { drawEnds(); drawMap(); drawWalk(); show([...z]) }

function moveTo(u, v) {
  spot = [u, v].map(o => Math.min(1, Math.max(0, o)))
  Object.assign($('dot').style, {left: 100*spot[0]+'%', top: 100*spot[1]+'%'})
  const [across, down] = spot.map(o => Math.round(100*o))
  $('pad').ariaValueNow = across
  $('pad').ariaValueText = `${across} % across, ${down} % down`
  show(onPad(...spot))
}

function makeEnds() {
  for (const [name, first] of [['from', 3], ['to', 8]]) $(name).replaceChildren(...model.codes.flatMap((_, i) => {
    const input = Object.assign(document.createElement('input'), {type: 'radio', name, id: name+i, value: i, checked: i == first})
    const label = Object.assign(document.createElement('label'), {htmlFor: name+i, ariaLabel: `${name} ${i}`})
    label.append(document.createElement('canvas'))
    input.onchange = () => { drawWalk(); show(onWalk(+$('way').value)) }
    return [input, label]
  }))
}

// Attributes that exclude one another share what stands before "=" and become a list to choose from
function makeAttributes() {
  const groups = {}
  model.names.forEach((name, i) => (groups[name.split('=')[0]] ??= []).push(i))
  $('attributes').replaceChildren(...Object.entries(groups).map(([name, places]) => {
    const label = document.createElement('label'), input = document.createElement(places.length > 1 ? 'select' : 'input')
    if (places.length > 1) {
      input.className = 'form-select form-select-sm'
      input.append(...places.map(i => new Option(model.names[i].split('=')[1], i, y[i] == 1, y[i] == 1)))
    } else Object.assign(input, {type: 'checkbox', className: 'form-check-input me-1', checked: y[places[0]] == 1})
    input.onchange = () => {
      for (const i of places) y[i] = +(places.length > 1 ? i == input.value : input.checked)
      drawAll()
    }
    label.append(...(places.length > 1 ? [name, input] : [input, name.replace('-', ' ')]))
    return label
  }))
}

const newCode = () => model.codes[0].map(gauss)
const models = fetch('play/codes.json').then(r => r.json())

async function choose() {
  const {value, dataset} = $('network').selectedOptions[0]
  $('status').textContent = 'Loading'
  try {
    const session = await (sessions[value] ??= ort.InferenceSession.create(dataset.src))
    const all = await models
    if (value != $('network').value) return   // another one was chosen meanwhile
    model = all[value]; net = session; y = [...model.y]; spent = decoded = 0
    corners = [0, 3, 6, 8].map(i => model.codes[i])
    makeEnds(); makeAttributes()
    await drawEnds()   // the first run is slow, and not counted
    moveTo(.3, .3); drawMap(); drawWalk()
  } catch (e) {
    delete sessions[value]
    $('status').textContent = `This did not work: ${e.message}`
  }
  $('play').inert = false
}

$('network').onchange = choose
$('random').onclick = () => show(newCode())
$('corners').onclick = () => { corners = [0, 1, 2, 3].map(newCode); drawMap(); moveTo(...spot) }
$('way').oninput = () => show(onWalk(+$('way').value))
$('pad').onpointerdown = e => { $('pad').setPointerCapture(e.pointerId); $('pad').onpointermove(e) }
$('pad').onpointermove = e => {
  if (!$('pad').hasPointerCapture(e.pointerId)) return
  const box = $('pad').getBoundingClientRect()
  moveTo((e.clientX-box.left)/box.width, (e.clientY-box.top)/box.height)
}
$('pad').onkeydown = e => {
  const step = {ArrowLeft: [-.05, 0], ArrowRight: [.05, 0], ArrowUp: [0, -.05], ArrowDown: [0, .05]}[e.key]
  if (!step) return
  e.preventDefault()
  moveTo(spot[0]+step[0], spot[1]+step[1])
}
choose()
