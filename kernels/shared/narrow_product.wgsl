// Tile for few outputs, for cards: 8 rows by LANES vec4 columns a workgroup, so that a product of few rows still has
// many workgroups. 8 LANES invocations add up an output vec4 each. All of them fetch: a step has STEP4 = 64 / LANES
// vec4s of terms, which keeps much of W on its way at once. As in shared/blocked_product.wgsl the next step is fetched
// while one is added up.
//
// The places of four terms are exchanged by their number, so that neighbours store to different banks: 16 KB of
// workgroup memory with LANES = 2, and no padding.
// Every output is one chain of multiply-adds over its terms in ascending order, as in every other tile.
// LANES is 2, 4 or 8.
override LANES: u32;
const INVOCATIONS = 128u;
const ROWS = 8u;
override STEP4 = 64u / LANES;
var<workgroup> left: array<vec4f, 2u * ROWS * STEP4>; // [half, four terms, row]
var<workgroup> right: array<vec4f, 512>; // [half, four terms, term % 4, column]

// Where four terms of a row lie.
fn left_place(half: u32, term4: u32, row: u32) -> u32 {
  return (half * STEP4 + term4) * ROWS + (row ^ (term4 % 8u));
}

// Where one term of a vec4 column lies: `term` counts the four of `term4`.
fn right_place(half: u32, term4: u32, term: u32, column: u32) -> u32 {
  return 256u * half + term4 * 4u * LANES + ((term * LANES + column) ^ (term4 % 8u));
}

// Adds up the terms of a step that were stored in `half`.
fn add_step(sum: vec4f, half: u32, term4s: u32, row: u32, column: u32) -> vec4f {
  var made = sum;
  for (var term4 = 0u; term4 < term4s; term4++) {
    made = multiply_add(
      made,
      left[left_place(half, term4, row)],
      right[right_place(half, term4, 0u, column)],
      right[right_place(half, term4, 1u, column)],
      right[right_place(half, term4, 2u, column)],
      right[right_place(half, term4, 3u, column)],
    );
  }
  return made;
}
