import { RaftStage } from './raft-stage.js';
import { storiesOf } from './stories.js';

storiesOf('raft', 'the algorithm alone', (output) => new RaftStage(output));
