// Tile through registers and workgroup memory, for cards: 8 TY rows by 8 TX columns a workgroup, 8 x 8 outputs an
// invocation, in steps of 16 terms. While the invocations add up one step, they fetch the next one into registers. It
// goes to the other half of workgroup memory, so that a step has one barrier.
//
// Both sides lie term after term: an invocation reads 4 vec4s for the 64 multiply-adds of a term. 32 neighbouring
// invocations make 4 x 8 of these squares: they read 4 places on the left and 8 side by side on the right.
// Where a side is stored along its terms, an invocation transposes 4 x 4 of its numbers before it stores them. The
// places of a term are exchanged by its number (place_of_quad), so that neighbours store to different banks. That takes
// no padding: 64 x 64 needs 16 KB, WebGPU's default, and 128 x 128 needs 32 KB.
//
// Every output is one chain of multiply-adds over its terms in ascending order, as in every other tile.
// TX and TY are 8 or 16. The kernel defines how a side is fetched: fetch_left(quad, term4) and fetch_right.
//#include outer_product
override TX: u32;
override TY: u32;
const STEP4 = 4u; // vec4s of terms in a step
const TERMS = 4u * STEP4;
var<workgroup> left: array<vec4f, 2u * TERMS * 2u * TY>; // [half, term, quad of rows]
var<workgroup> right: array<vec4f, 2u * TERMS * 2u * TX>; // [half, term, quad of columns]

// Where a term's four rows or columns `quad` lie; `term4` counts four terms from the step's first.
fn place_of_quad(quad: u32, term4: u32) -> u32 {
  return quad ^ (2u * term4);
}

// Four terms of four rows, one vec4 a term.
fn store_left(half: u32, quad: u32, term4: u32, terms: mat4x4f) {
  let at = (half * TERMS + 4u * term4) * 2u * TY + place_of_quad(quad, term4);
  left[at] = terms[0];
  left[at + 2u * TY] = terms[1];
  left[at + 4u * TY] = terms[2];
  left[at + 6u * TY] = terms[3];
}

fn store_right(half: u32, quad: u32, term4: u32, terms: mat4x4f) {
  let at = (half * TERMS + 4u * term4) * 2u * TX + place_of_quad(quad, term4);
  right[at] = terms[0];
  right[at + 2u * TX] = terms[1];
  right[at + 4u * TX] = terms[2];
  right[at + 6u * TX] = terms[3];
}

// Which 8 x 8 outputs an invocation makes: x counts columns, y rows.
fn square_of(index: u32) -> vec2u {
  let across = TX / 8u;
  let group = index / 32u;
  return vec2u(8u * (group % across) + index % 8u, 4u * (group / across) + (index % 32u) / 8u);
}

// Adds up the terms of a step that were stored in `half`.
fn add_step(sums: ptr<function, array<vec4f, 16>>, half: u32, term4s: u32, square: vec2u) {
  for (var term4 = 0u; term4 < term4s; term4++) {
    for (var i = 0u; i < 4u; i++) {
      let term = half * TERMS + 4u * term4 + i;
      let rows_at = term * 2u * TY + place_of_quad(2u * square.y, term4);
      let columns_at = term * 2u * TX + place_of_quad(square.x, term4);
      // The second quad of rows lies beside the first: their numbers differ in the lowest bit alone.
      add_outer_product(sums, left[rows_at], left[rows_at ^ 1u], right[columns_at], right[columns_at + TX]);
    }
  }
}
