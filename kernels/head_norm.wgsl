struct Params {
  jobs_at: u32,
  row_stride4: u32,
  width: u32,
  width4: u32,
  epsilon: f32,
}
struct Job {
  at: u32,
  rows_at: u32,
  rows: u32,
  gain: u32,
}
override WORKGROUP: u32;
override CENTRED: bool;
const EVERY = 0xffffffffu;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<u32>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> x: array<vec4f>;
//#include reduce_sum
//#include real_columns
//#include norm_scale
alias Leaf = f32;
@compute @workgroup_size(WORKGROUP)
fn head_norm(@builtin(workgroup_id) wid: vec3u, @builtin(num_workgroups) grid: vec3u, @builtin(local_invocation_index) lane: u32) {
  let job = job_at(wid.z);
  var row = wid.y * grid.x + wid.x;
  if (row >= job.rows) { return; }
  if (job.rows_at != EVERY) { row = control[job.rows_at + row]; }
  let base = job.at + row * params.row_stride4;
  let g = job.gain * params.width4;
  var mean = 0.0;
  if (CENTRED) {
    for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
      var total = vec4f(0.0);
      for (var c = leaf; c < params.width4; c += LEAVES) { total += x[base + c]; }
      leaves[leaf] = dot(total, vec4f(1.0));
    }
    mean = sum_of_leaves(lane) / f32(params.width);
  }
  for (var leaf = lane; leaf < LEAVES; leaf += WORKGROUP) {
    var squares = vec4f(0.0);
    for (var c = leaf; c < params.width4; c += LEAVES) {
      let centred = (x[base + c] - mean) * real_columns(c);
      squares += centred * centred;
    }
    leaves[leaf] = dot(squares, vec4f(1.0));
  }
  let scale = norm_scale(sum_of_leaves(lane) / f32(params.width), params.epsilon);
  for (var c = lane; c < params.width4; c += WORKGROUP) {
    x[base + c] = (x[base + c] - mean) * scale * gain[g + c] + bias[g + c];
  }
}
