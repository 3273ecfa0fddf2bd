# SPDX-License-Identifier: Apache-2.0
"""Every type both ways round between boto3 and llmforge, over the sandbox's server (both_ways.py says how).

    adopt_test.py SERVER PROVIDERS LLMFORGE [unittest arguments]

A run of all cases also fails if a property that a spec may set is in none of them.
"""
import sys
import unittest

import both_ways
import both_ways_ec2
import both_ways_ec2_more
import both_ways_ops
import both_ways_store
from both_ways_data import *  # noqa: F401,F403
from both_ways_disks import Disks, Filters, Flows, Groups  # noqa: F401
from both_ways_ec2 import Machines, Network  # noqa: F401
from both_ways_ec2_more import Around, Endpoints, LookUps, Templates  # noqa: F401
from both_ways_groups import Reservations  # noqa: F401
from both_ways_iam import Iam  # noqa: F401
from both_ways_ops import *  # noqa: F401,F403
from both_ways_store import BucketParts, Identities, Objects, Parameters, Registry, Secrets, Tables  # noqa: F401


def main(binary, providers, program, *arguments):
    both_ways.start(binary, providers, program)
    try:
        run = unittest.main(argv=[sys.argv[0], *arguments], exit=False).result
    finally:
        both_ways.stop()
    excused = {**both_ways_ec2.EXCUSED, **both_ways_ec2_more.EXCUSED, **both_ways_ops.EXCUSED, **both_ways_store.EXCUSED}
    missing = [] if arguments else both_ways.not_covered(providers, excused)
    for one in missing:
        print(f"not both ways: {one}", file=sys.stderr)
    return 0 if run.wasSuccessful() and not missing else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
