declare module 'kinesis-local';
