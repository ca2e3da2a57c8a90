#!/bin/sh
# Any pipeline, by the exit code: sh examples/pipelines/deploy.sh checkout production "$(git rev-parse HEAD)". docs/pipelines.md.
set -u
service=$1 environment=$2 revision=$3

code=0
conductor deploy "$service.$environment" --revision "$revision" --timeout "${TIMEOUT:-1h}" || code=$?
case $code in
  0) echo "$revision is everywhere" ;;
  3) echo "$revision was bad, and is gone again: fix it, and release another commit" ;;
  4) echo "somebody has released a newer revision meanwhile: that is no fault of this one" && code=0 ;;
  5) echo "it goes on: conductor wait $service.$environment --revision $revision" ;;
  *) echo "conductor explain $service.$environment says more" ;;
esac
exit "$code"
