# For once/changer.test.ts, which serves a changer and its drive itself: Linux' drivers for both.
modprobe -a ch st sg
