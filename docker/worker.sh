#!/bin/sh
# Serve the queues of this image's engine; exec, so that `docker stop` reaches the worker itself.
set -eu
if [ "$ENGINE" = images ]; then
  exec python -m project.worker images default 'predict.threshold' 'train.threshold'
fi
exec python -m project.worker "predict.$ENGINE" "train.$ENGINE"
