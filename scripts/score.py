"""Scores the shipped detectors, with their defaults, on public cases with known truth.

    scripts/score [SHARED]

SHARED is a folder with data/nab-a (half of the Numenta Anomaly Benchmark) and tools (its scorer,
and a generator and scorer of log counts); ../shared unless said otherwise. What is fed to
`pintail detect --in` is what anybody could feed it.
"""

import csv
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

SEEDS = range(1, 6)
START = pd.Timestamp("2026-01-05")
DAYS, JUDGED_FROM_DAY = 10, 7

# DETECTION.md: floor, target, moonshot.
GOALS = {
    "NAB standard": (50, 66, 72),
    "NAB low FP": (40, 57, 63),
    "false episodes/series/day": (0.3, 0.05, 0.01),
    "recall": (0.75, 0.83, 0.92),
    "precision": (0.6, 0.90, 0.96),
    "median delay, min": (6, 4, 2),
    "silence recall": (0.9, 1.0, 1.0),
}


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def detect(pintail, source, scored):
    started = time.monotonic()
    subprocess.run([pintail, "detect", "--in", source, "--out", scored], check=True)
    return time.monotonic() - started


def score_values(pintail, shared, work):
    """The Numenta Anomaly Benchmark, all series in one file."""
    data = shared / "data/nab-a"
    files = sorted(json.loads((data / "labels/combined_windows.json").read_text()))
    source, scored = work / "nab.csv", work / "nab.scored.csv"
    with source.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["series", "ts", "value"])
        for name in files:
            with (data / "data" / name).open() as rows:
                writer.writerows((name, row["timestamp"], row["value"]) for row in csv.DictReader(rows))
    seconds = detect(pintail, source, scored)
    for name, rows in pd.read_csv(scored, dtype={"ts": str}).groupby("series"):
        place = work / "nab" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        rows.rename(columns={"ts": "timestamp", "score": "anomaly_score"}).to_csv(place, index=False)
    nab = module(shared / "tools/nab_score.py")
    corpus = nab.load_corpus(str(data))
    final = nab.final(corpus, nab.load_scores(str(work / "nab"), corpus))
    print(f"NAB: {len(files)} series in {seconds:.1f} s; best threshold "
          f"{final['standard'][1]:.3f} (0.5 is where it fires)")
    return {"NAB standard": final["standard"][0], "NAB low FP": final["reward_low_FP_rate"][0]}


def score_counts(pintail, shared, work, seed):
    """Ten days of synthetic counts per minute with planted anomalies; three days are judged."""
    case = work / f"counts-{seed}"
    generator = shared / "tools/logcount_gen.py"
    subprocess.run([sys.executable, generator, str(seed), case], check=True, stdout=subprocess.DEVNULL)
    counts = pd.read_csv(case / "counts.csv")
    births = counts.groupby("series_id").minute.min()
    grid = pd.MultiIndex.from_tuples(
        ((series, minute) for series, birth in births.items() for minute in range(birth, DAYS * 1440)),
        names=["series_id", "minute"],
    )
    counts = counts.set_index(["series_id", "minute"])["count"].reindex(grid, fill_value=0).reset_index()
    rows = pd.DataFrame({
        "series": counts.series_id,
        "ts": START + pd.to_timedelta(counts.minute, unit="min"),
        "count": counts["count"],
    })
    source, scored = case / "in.csv", case / "out.csv"
    rows.to_csv(source, index=False)
    seconds = detect(pintail, source, scored)
    flagged = pd.read_csv(scored, usecols=["flag"]).flag == 1
    assert len(flagged) == len(counts)
    scorer = module(shared / "tools/logcount_score.py")
    result = scorer.score(str(case), counts[flagged][["series_id", "minute"]], JUDGED_FROM_DAY * 1440)
    scorer.show(f"counts, seed {seed}", result, seconds)
    return {
        "false episodes/series/day": result["fp_per_series_day"],
        "recall": result["recall"],
        "precision": result["precision"],
        "median delay, min": result["delay"],
        "silence recall": result["by"]["silence"],
    }


def main():
    pintail, shared = sys.argv[1], Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory(prefix="pintail-score-") as folder:
        work = Path(folder)
        results = score_values(pintail, shared, work)
        cases = [score_counts(pintail, shared, work, seed) for seed in SEEDS]
    results |= {name: statistics.mean(case[name] for case in cases) for name in cases[0]}
    print(f"\n{'':28}{'scored':>9}{'floor':>9}{'target':>9}{'moonshot':>10}")
    for name, goals in GOALS.items():
        floor, target, moonshot = goals
        print(f"{name:28}{results[name]:9.3f}{floor:9}{target:9}{moonshot:10}")


main()
