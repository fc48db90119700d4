namespace HslEmbeddingZero.Samples.SyntheticData;

/// <summary>English phrasings. None says he or she.</summary>
internal static class EnglishPhrasings
{
    public static IReadOnlyDictionary<Relation, Phrasings> All { get; } = new Dictionary<Relation, Phrasings>
    {
        [Relation.Birthplace] = new(
            facts: """
            {name} was born in {value}.
            The birthplace of {name} is {value}.
            {value} is where {name} was born.
            {name}'s birthplace is {value}.
            {name} is a native of {value}.
            {name} came into the world in {value}.
            It was in {value} that {name} was born.
            The town of {value} is the birthplace of {name}.
            Born in {value}, {name} still calls it home.
            By birth, {name} hails from {value}.
            {name} was born in a small house in {value}.
            The cradle of {name} stood in {value}.
            The parents of {name} lived in {value} at the birth.
            According to the register, {name} was born in {value}.
            {name}'s life began in {value}.
            The birth certificate of {name} names {value}.
            {name} was born and raised in {value}.
            The hospital in {value} is where {name} was born.
            {name} took the first breath in {value}.
            People in {value} remember the birth of {name}.
            {name}, a child of {value}, was born there.
            The place of birth of {name} is the town of {value}.
            """,
            questions: """
            Where was {name} born?
            What is the birthplace of {name}?
            In which town was {name} born?
            Which town is the birthplace of {name}?
            What is {name}'s birthplace?
            Tell me where {name} was born.
            Can you tell me the birthplace of {name}?
            Do you know where {name} was born?
            {name} was born in which town?
            Where did {name} come into the world?
            What is the place of birth of {name}?
            Name the town where {name} was born.
            Which town is {name} a native of?
            Where did the life of {name} begin?
            In what place was {name} born?
            Please give the birthplace of {name}.
            I would like to know where {name} was born.
            Where is the birthplace of {name}?
            From which town does {name} come by birth?
            What town does the birth certificate of {name} name?
            Say where {name} was born.
            {name}'s place of birth, which town is it?
            """,
            followUps: """
            And the birthplace?
            And the place of birth?
            What about the birthplace?
            Born where?
            And the town of birth?
            Where was the birth?
            What is the birthplace?
            Please tell me the birthplace too.
            Born in which town?
            """),
        [Relation.Birthday] = new(
            facts: """
            {name} was born on {value}.
            The birthday of {name} is {value}.
            {name} celebrates a birthday on {value}.
            Every year on {value}, {name} turns a year older.
            {name} blows out birthday candles on {value}.
            On {value}, {name} has a birthday.
            {value} is the birthday of {name}.
            {name}'s birthday falls on {value}.
            The date of birth of {name} is {value}.
            The day {name} was born was {value}.
            It is on {value} that {name} has a birthday.
            Friends wish {name} a happy birthday on {value}.
            {name} gets birthday presents on {value}.
            The calendar marks {value} as the birthday of {name}.
            Each {value} is a birthday for {name}.
            The birth of {name} took place on {value}.
            {name}'s birthday cake is baked for {value}.
            {name} gains a year of age on {value}.
            {name}'s birthday party is always on {value}.
            The family of {name} keeps {value} as the birthday.
            Birthday cards for {name} arrive on {value}.
            {name} has a birthday every year on {value}.
            """,
            questions: """
            When was {name} born?
            When is the birthday of {name}?
            On what day was {name} born?
            What is the birthday of {name}?
            When is {name}'s birthday?
            What is {name}'s date of birth?
            On which day does {name} celebrate a birthday?
            Tell me the birthday of {name}.
            Do you know when {name} has a birthday?
            Can you tell me when {name} was born?
            On what date does {name} turn a year older?
            What day is {name}'s birthday?
            When does {name} get birthday presents?
            On which date was {name} born?
            When does {name} blow out birthday candles?
            Please give the date of birth of {name}.
            I would like to know the birthday of {name}.
            Which day is the birthday of {name}?
            {name} was born on what day?
            When should I wish {name} a happy birthday?
            Say when {name} was born.
            {name}'s birthday, when is it?
            """,
            followUps: """
            And the birthday?
            And the date of birth?
            What about the birthday?
            When is the birthday?
            On what day is the birthday?
            And when is the birthday party?
            Please tell me the birthday too.
            Born on what day?
            Which day is the birthday?
            """),
        [Relation.School] = new(
            facts: """
            {name} studied at {value}.
            {name} graduated from {value}.
            {value} is where {name} studied.
            {name} is a graduate of {value}.
            The diploma of {name} is from {value}.
            {name} went to school at {value}.
            {name} attended {value}.
            {name} earned a degree at {value}.
            {name}'s school was {value}.
            As a student, {name} went to {value}.
            {name} passed the final exams at {value}.
            {value} counts {name} among its graduates.
            {name} spent the student years at {value}.
            {name} was a student of {value}.
            {name} learned from the teachers at {value}.
            {name} enrolled at {value} and finished there.
            The school of {name} was {value}.
            {name} holds a diploma from {value}.
            {name} took classes at {value}.
            It was {value} that {name} graduated from.
            {name} was educated at {value}.
            The old classmates of {name} are from {value}.
            """,
            questions: """
            Where did {name} study?
            Which school did {name} attend?
            What school did {name} graduate from?
            Which school is {name} a graduate of?
            Where did {name} go to school?
            What was the school of {name}?
            What was {name}'s school?
            Tell me which school {name} attended.
            From which school is the diploma of {name}?
            Do you know where {name} studied?
            Can you tell me the school of {name}?
            At which school did {name} study?
            Where was {name} educated?
            Where did {name} earn a degree?
            Where did {name} take classes?
            Name the school that {name} attended.
            Please give the school of {name}.
            I would like to know where {name} studied.
            {name} graduated from which school?
            Where did {name} spend the student years?
            Say where {name} went to school.
            {name}'s diploma is from which school?
            """,
            followUps: """
            And the school?
            What about the school?
            Which school was it?
            And where are the old classmates from?
            Graduated from which school?
            And the diploma, from which school?
            Please tell me the school too.
            And the place of study?
            A graduate of which school?
            """),
        [Relation.Occupation] = new(
            facts: """
            {name} works as {a value}.
            {name} is {a value} by trade.
            {name} earns a living as {a value}.
            The occupation of {name} is {value}.
            {name} has a job as {a value}.
            By profession, {name} is {a value}.
            {name}'s job is that of {a value}.
            {name} has worked for years as {a value}.
            {name} makes a career as {a value}.
            As {a value}, {name} is at work all week.
            {name} trained to become {a value} and works as one.
            The profession of {name} is {value}.
            {name} was hired as {a value}.
            The business card of {name} says {value}.
            {name} is employed as {a value}.
            {name} found work as {a value}.
            {name} goes to work as {a value}.
            People know {name} as {a value} by profession.
            {name} is paid to be {a value}.
            At work, {name} is {a value}.
            {name}'s line of work is that of {a value}.
            {name} chose the profession of {a value}.
            """,
            questions: """
            What is the occupation of {name}?
            What does {name} do for a living?
            What is {name}'s job?
            What is the profession of {name}?
            What does {name} work as?
            How does {name} earn a living?
            What kind of work does {name} do?
            Tell me the occupation of {name}.
            Which profession does {name} have?
            Do you know what {name} does for work?
            Can you tell me {name}'s profession?
            What is {name} by trade?
            What job does {name} have?
            In what job does {name} work?
            What is {name} employed as?
            What is {name} by profession?
            Please give the occupation of {name}.
            I would like to know the job of {name}.
            {name} works as what?
            What does the business card of {name} say?
            Say what {name} works as.
            {name}'s line of work, what is it?
            """,
            followUps: """
            And the occupation?
            And the job?
            What about the job?
            And the profession?
            What kind of work?
            And the trade?
            Please tell me the job too.
            What is the occupation?
            Employed as what?
            """),
        [Relation.Collection] = new(
            facts: """
            {name} collects {value}.
            {name} has a collection of {value}.
            {name} gathers {value} as a hobby.
            The shelves of {name} are full of collected {value}.
            {name} never stops collecting {value}.
            The hobby of {name} is collecting {value}.
            {name} hunts for {value} at flea markets.
            {name} keeps a cabinet of {value}.
            {name} displays a collection of {value} at home.
            {name} buys {value} for a growing collection.
            {name} is a collector of {value}.
            {name} trades {value} with other collectors.
            {name}'s collection consists of {value}.
            {name} started collecting {value} as a child.
            In the collection of {name} are {value}.
            {name} looks for {value} to collect at every fair.
            Guests of {name} admire the collected {value}.
            {name} spends all savings on collecting {value}.
            What {name} collects are {value}.
            {name} shows visitors a collection of {value}.
            A whole room of {name}'s house holds collected {value}.
            {name} sorts the collected {value} on weekends.
            """,
            questions: """
            What does {name} collect?
            What is in the collection of {name}?
            What kind of things does {name} collect?
            What is {name} a collector of?
            Which things does {name} collect?
            What does {name}'s collection consist of?
            What does {name} gather as a hobby?
            Tell me what {name} collects.
            Do you know what {name} collects?
            Can you tell me what is in {name}'s collection?
            What objects does {name} collect?
            What does {name} hunt for at flea markets?
            What does {name} trade with other collectors?
            What does {name} keep in a collection?
            What did {name} start collecting as a child?
            Name the things that {name} collects.
            Please say what {name} collects.
            I would like to know what {name} collects.
            {name} has a collection of what?
            What does {name} buy for the collection?
            Say what is in the collection of {name}.
            {name}'s collection, what is in it?
            """,
            followUps: """
            And the collection?
            What about the collection?
            What is in the collection?
            And the collected things?
            A collector of what?
            Collecting what as a hobby?
            Please tell me what is collected too.
            What kind of collection is it?
            And what fills the collector's shelves?
            """),
        [Relation.Dish] = new(
            facts: """
            The favorite dish of {name} is {value}.
            {name} loves to eat {value}.
            {name} likes {value} best of all food.
            {name}'s favorite food is {value}.
            {name} orders {value} at every restaurant.
            At the table, {name} asks for {value}.
            {name} could eat {value} every day.
            No food tastes better to {name} than {value}.
            {name} always cooks {value} for guests.
            For dinner, {name} prefers {value}.
            {name} is fond of eating {value}.
            {name} never says no to a plate of {value}.
            The best meal for {name} is {value}.
            {name}'s mouth waters at the smell of {value}.
            {name} dreams of a big helping of {value}.
            {name} most gladly eats {value}.
            On holidays, {name} eats {value}.
            {name} asks the cook for {value}.
            The dish that {name} likes most is {value}.
            When hungry, {name} wants {value}.
            {name} enjoys the taste of {value} most.
            {name} chose {value} as the best dish.
            """,
            questions: """
            What is the favorite dish of {name}?
            What does {name} like to eat?
            What is {name}'s favorite food?
            Which dish does {name} like most?
            What food does {name} love?
            What does {name} order at a restaurant?
            What does {name} most like to eat?
            Tell me the favorite dish of {name}.
            Do you know {name}'s favorite dish?
            Can you tell me what {name} likes to eat?
            Which food does {name} like best?
            What does {name} want when hungry?
            What should I cook for {name}?
            What does {name} prefer for dinner?
            Which dish tastes best to {name}?
            Name the favorite dish of {name}.
            Please give the favorite food of {name}.
            I would like to know what {name} likes to eat.
            {name} likes which dish best?
            What is the best meal for {name}?
            Say which dish {name} likes most.
            {name}'s favorite dish, what is it?
            """,
            followUps: """
            And the favorite dish?
            And the favorite food?
            What about the favorite food?
            Which dish tastes best?
            And what food should I cook?
            What is the favorite dish?
            Please tell me the favorite dish too.
            And for dinner?
            What is the best meal?
            """),
    };
}
