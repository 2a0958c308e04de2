import { ClusterStage } from './cluster-stage.js';
import { storiesOf } from './stories.js';

storiesOf('cluster', 'whole nodes', (output) => new ClusterStage(output));
