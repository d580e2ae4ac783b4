#!/bin/sh
# The talk's echo handler: says what it was told. serf runs it for each event, with the event in the
# environment and the members, or the payload, on standard input.
echo "event=$SERF_EVENT name=$SERF_USER_EVENT$SERF_QUERY_NAME on $SERF_SELF_NAME (role=$SERF_TAG_ROLE)"
cat
