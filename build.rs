//! Tells the linker where the prebuilt DuckDB library lies, for running as well
//! as for linking, so that binaries and tests start with no environment variable.

use std::env;
use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    let manifest_dir = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let lib_dir = PathBuf::from(manifest_dir).join(".duckdb");
    println!("cargo:rerun-if-changed={}", lib_dir.display());
    let found = ["libduckdb.so", "libduckdb.dylib"].iter().any(|name| lib_dir.join(name).exists());
    if !found {
        println!(
            "cargo:warning=no DuckDB library in {}: run `make setup`, or build with `--features bundled`",
            lib_dir.display()
        );
    }
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib_dir.display());
}
